import { AppError } from "../errors.ts";
import type { JwtRequest } from "../types/auth.ts";
import type { CallEvents, HostServices } from "../types/host.ts";
import { readFetchTexts, toFetchReply } from "./fetch-wire.ts";
import type { HostMessage, PluginMessage } from "./host-messages.ts";
import { MAX_PENDING_ASKS } from "./host-messages.ts";
import { toWireError } from "./wire-error.ts";

type Ask = PluginMessage & { type: "ask" };

export interface RemoteServices {
  /** Answers a question of the plugin's; `false` when too many wait already. */
  answer(ask: Ask): boolean;
  /** Ends what is under way for a question that nobody waits for any more. */
  cancel(id: number): void;
  /** The same for all of them: the plugin is gone. */
  close(): void;
}

/** The server's side of the services that a plugin asks for by message. */
export function createRemoteServices(
  services: HostServices,
  send: (message: HostMessage) => void,
): RemoteServices {
  let waiting = 0;
  const fetches = new Map<number, AbortController>();
  const cancelled = new AppError("CALL_ABORTED", "The plugin does not wait for it any more.");
  const reply = async (ask: Ask): Promise<void> => {
    const { id } = ask;
    waiting++;
    try {
      send({ type: "reply", id, value: await run(services, ask, fetchFor) });
    } catch (error) {
      // The plugin learns what happened, not where in the server.
      send({ type: "refusal", id, error: { ...toWireError(error), stack: "" } });
    } finally {
      waiting--;
    }
  };
  const fetchFor = async ({ id, args: [head = "", body = ""] }: Ask): Promise<unknown> => {
    const { url, init } = readFetchTexts(head, body);
    const controller = new AbortController();
    // Two of one id come from no plugin that goes by the rules.
    fetches.get(id)?.abort(cancelled);
    fetches.set(id, controller);
    try {
      return await toFetchReply(await services.fetch(url, { ...init, signal: controller.signal }));
    } finally {
      if (fetches.get(id) === controller) fetches.delete(id);
    }
  };
  return {
    cancel: (id) => fetches.get(id)?.abort(cancelled),
    close() {
      for (const controller of fetches.values()) controller.abort(cancelled);
    },
    answer(ask) {
      if (waiting >= MAX_PENDING_ASKS) return false;
      void reply(ask);
      return true;
    },
  };
}

async function run(
  services: HostServices,
  ask: Ask,
  fetchFor: (ask: Ask) => Promise<unknown>,
): Promise<unknown> {
  const {
    service,
    args: [first = "", second = ""],
  } = ask;
  switch (service) {
    case "getCredential":
      return services.getCredential(first);
    case "setCredential":
      return services.setCredential(first, second);
    case "signJwt":
      return services.signJwt(readRequest(first));
    case "fetch":
      return fetchFor(ask);
    case "getAccessToken":
    case "isAuthenticated":
    case "getTokenInfo":
      return services[service]();
    case "requireReauth":
      return services.requireReauth(first || undefined);
  }
}

/** What is no JSON is refused as any other request that is none. */
function readRequest(text: string): JwtRequest {
  try {
    return JSON.parse(text) as JwtRequest;
  } catch {
    return null as unknown as JwtRequest;
  }
}

/** What a plugin reports of a call before its answer. */
export function passOn(
  message: PluginMessage & { type: "progress" | "call-log" | "close-stream" },
  events: CallEvents,
): void {
  switch (message.type) {
    case "progress":
      return events.progress(message.progress, message.total, message.message);
    case "call-log":
      return events.log(message.level, message.data);
    case "close-stream":
      return events.closeStream();
  }
}
