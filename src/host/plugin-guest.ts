import { AppError } from "../errors.ts";
import type { PluginAuthConfig, PluginAuthField } from "../types/auth.ts";
import type { HostedPlugin, HostServices, PluginInfo } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Time } from "../types/runtime.ts";
import { toJsonText } from "../util/json-text.ts";
import { GuestCall, outcomeText } from "./guest-call.ts";
import { createOutbox } from "./guest-outbox.ts";
import { createAsks, createGuestServices } from "./guest-services.ts";
import { answerMessage, MAX_MESSAGE_CHARS, type HostMessage } from "./host-messages.ts";
import { hostPlugin } from "./hosted-plugin.ts";
import { toPlugin } from "./plugin-object.ts";
import { fromServerError, toWireError } from "./wire-error.ts";

export interface PluginGuestDeps {
  /** Carries a message to the server. */
  readonly post: (text: string) => void;
  /** The runtime's module loader. */
  readonly importModule: (entry: string) => Promise<unknown>;
  readonly time: Pick<Time, "now">;
}

/** The plugin's side of a driver that runs plugins outside of the server's thread. */
export interface PluginGuest {
  /** The plugin's logger, also for what it writes to the console. */
  readonly logger: Logger;
  /** Takes a message of the server's. */
  receive(text: string): void;
  /** Says of which files the plugin's code consists, as `file:` URLs. */
  tellModules(urls: readonly string[]): void;
  /** Says why this side is about to end. */
  tellFatal(cause: "exception" | "rejection", error: unknown): void;
}

/** Drives the one plugin of this thread, process or sandbox as the server's messages say. */
export function createPluginGuest({ post, importModule, time }: PluginGuestDeps): PluginGuest {
  const outbox = createOutbox(post, time);
  const asks = createAsks((message) => outbox.send(message));
  const services = createGuestServices(asks, (message) => outbox.tell(message));
  const calls = new Map<number, GuestCall>();
  let plugin: HostedPlugin | null = null;

  /** Answers a request with the text that `work` makes, or with what it threw. */
  const respond = async (id: number, work: () => Promise<string>): Promise<void> => {
    try {
      outbox.sendText(await work());
    } catch (error) {
      outbox.send({ type: "failure", id, error: toWireError(error) });
    }
  };

  const call = ({ id, call: target }: HostMessage & { type: "call" }): Promise<void> => {
    outbox.give();
    const running = new GuestCall(id, outbox);
    calls.set(id, running);
    return respond(id, async () => {
      try {
        return outcomeText(id, await loaded(plugin).call(target, running));
      } finally {
        running.end();
        calls.delete(id);
      }
    });
  };

  const load = async (message: HostMessage & { type: "load" }): Promise<string> => {
    plugin = await loadPlugin(message, importModule, services);
    return answerText(message.id, toPortableInfo(plugin.info), "What it says about itself");
  };

  const step = (id: number, work: (plugin: HostedPlugin) => Promise<void>): Promise<void> =>
    respond(id, async () => {
      await work(loaded(plugin));
      return answerText(id, null, "");
    });

  const receive = (message: HostMessage): unknown => {
    switch (message.type) {
      case "load":
        return respond(message.id, () => load(message));
      case "initialize":
        return step(message.id, (it) => it.initialize(message.config));
      case "start":
        return step(message.id, (it) => it.start());
      case "stop":
        return step(message.id, (it) => it.stop());
      case "cleanup":
        return step(message.id, (it) => it.cleanup());
      case "catalog":
        return respond(message.id, async () =>
          answerText(message.id, await loaded(plugin).catalog(), "What it offers"),
        );
      case "call":
        return call(message);
      case "cancel":
        return calls.get(message.id)?.cancel(fromServerError(message.reason));
      case "reply":
        return asks.settle(message.id, ({ resolve }) => resolve(message.value));
      case "refusal":
        return asks.settle(message.id, ({ reject }) => reject(fromServerError(message.error)));
      case "ping":
        return outbox.send({ type: "pong" });
    }
  };

  return {
    logger: services.logger,
    receive: (text) => void receive(JSON.parse(text) as HostMessage),
    tellModules: (urls) => outbox.send({ type: "modules", urls }),
    tellFatal: (cause, error) => outbox.send({ type: "fatal", cause, error: toWireError(error) }),
  };
}

async function loadPlugin(
  { entry, instanceId }: { readonly entry: string; readonly instanceId: string },
  importModule: (entry: string) => Promise<unknown>,
  services: HostServices,
): Promise<HostedPlugin> {
  return hostPlugin(await toPlugin(await importModule(entry)), instanceId, services);
}

function loaded(plugin: HostedPlugin | null): HostedPlugin {
  if (plugin === null) throw new AppError("PLUGIN_STATE", "No plugin has been loaded.");
  return plugin;
}

/** @throws AppError `PLUGIN_INVALID` for a value that is no JSON, or too large */
function answerText(id: number, value: unknown, what: string): string {
  const text = toJsonText(value, MAX_MESSAGE_CHARS - 100);
  if (!text.ok) throw new AppError("PLUGIN_INVALID", `${what} ${text.reason}.`);
  return answerMessage(id, text.value);
}

/** A regular expression is no JSON: it goes as its source and flags. */
function toPortableInfo(info: PluginInfo): PluginInfo {
  return info.auth === null ? info : { ...info, auth: toPortableAuth(info.auth) };
}

function toPortableAuth(auth: PluginAuthConfig): PluginAuthConfig {
  const fields = Object.entries(auth.fields ?? {}).map(
    ([name, field]): [string, PluginAuthField] => {
      const validation: unknown = field?.validation;
      if (!(validation instanceof RegExp)) return [name, field];
      const { source, flags } = validation;
      return [name, { ...field, validation: { source, flags } }];
    },
  );
  return { ...auth, fields: Object.fromEntries(fields) };
}
