import type { AuditEntry } from "../types/audit.ts";
import type { BegunCall, CallEnd, ChannelKind } from "../types/call-observer.ts";
import type { Principal } from "../types/principal.ts";
import { EventFeed } from "./event-feed.ts";
import type { PluginState } from "./plugin-state.ts";
import type { Catalog } from "./tool-catalog.ts";

/** What happened, in names and numbers; neither arguments nor results nor what an audit record has in detail. */
export type LiveEvent =
  | {
      readonly type: "plugin.state";
      readonly plugin: string;
      readonly state: PluginState;
      readonly before: PluginState;
      readonly error: string | null;
    }
  /** A new version of the plugin has taken over from the one that ran. */
  | { readonly type: "plugin.reloaded"; readonly plugin: string }
  | {
      readonly type: "catalog.changed";
      readonly tools: number;
      readonly prompts: number;
      readonly resources: number;
    }
  | ({ readonly type: "call.begun" } & CallFacts)
  | ({
      readonly type: "call.ended";
      readonly outcome: CallEnd["outcome"];
      /** Of a JSON-RPC error. */
      readonly code: number | null;
      readonly milliseconds: number;
    } & CallFacts)
  | {
      readonly type: "connection.opened" | "connection.closed";
      readonly transport: ChannelKind;
      readonly principal: string;
    }
  | {
      readonly type: "credential.changed" | "account.changed";
      /** What was done, as the audit record names it. */
      readonly action: AuditEntry["action"];
      readonly plugin: string | null;
      readonly subject: string | null;
      readonly actor: string;
      readonly outcome: AuditEntry["outcome"];
    }
  | {
      readonly type: "access.refused";
      readonly actor: string;
      readonly subject: string | null;
      readonly requestId: string | null;
    };

interface CallFacts {
  readonly requestId: string;
  readonly method: string;
  readonly plugin: string | null;
  readonly target: string | null;
  readonly transport: BegunCall["transport"];
  readonly principal: string;
}

export const LIVE_EVENT_TYPES = [
  "plugin.state",
  "plugin.reloaded",
  "catalog.changed",
  "call.begun",
  "call.ended",
  "connection.opened",
  "connection.closed",
  "credential.changed",
  "account.changed",
  "access.refused",
] as const satisfies readonly LiveEvent["type"][];

export type LiveEvents = EventFeed<LiveEvent>;

export function createLiveEvents(now: () => number): LiveEvents {
  return new EventFeed({ now, isFrequent: ({ type }) => type.startsWith("call.") });
}

export function catalogChanged({ tools, prompts, resources, templates }: Catalog): LiveEvent {
  return {
    type: "catalog.changed",
    tools: tools.size,
    prompts: prompts.size,
    resources: resources.size + templates.length,
  };
}

export function principalName({ kind, id }: Principal): string {
  return `${kind}:${id}`;
}

const CHANGES: Readonly<Partial<Record<AuditEntry["action"], "credential" | "account">>> = {
  "credential.write": "credential",
  "credential.delete": "credential",
  "token.connect": "account",
  "token.refresh": "account",
  "token.revoke": "account",
};

/** What an audit record means to somebody who watches the server; `null` when it is nothing to them. */
export function fromAuditEntry(entry: AuditEntry): LiveEvent | null {
  const { action, actor, instanceId: plugin, subject, outcome, requestId } = entry;
  if (outcome === "started") return null;
  if (action === "auth.refused") return { type: "access.refused", actor, subject, requestId };
  const changed = CHANGES[action];
  if (changed === undefined) return null;
  return { type: `${changed}.changed`, action, plugin, subject, actor, outcome };
}
