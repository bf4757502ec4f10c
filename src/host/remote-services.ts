import type { JwtRequest } from "../types/auth.ts";
import type { CallEvents, HostServices } from "../types/host.ts";
import type { HostMessage, PluginMessage } from "./host-messages.ts";
import { MAX_PENDING_ASKS } from "./host-messages.ts";
import { toWireError } from "./wire-error.ts";

export interface RemoteServices {
  /** Answers a question of the plugin's; `false` when too many wait already. */
  answer(ask: PluginMessage & { type: "ask" }): boolean;
}

/** The server's side of the services that a plugin asks for by message. */
export function createRemoteServices(
  services: HostServices,
  send: (message: HostMessage) => void,
): RemoteServices {
  let waiting = 0;
  const reply = async (ask: PluginMessage & { type: "ask" }): Promise<void> => {
    const { id } = ask;
    waiting++;
    try {
      send({ type: "reply", id, value: await run(services, ask) });
    } catch (error) {
      // The plugin learns what happened, not where in the server.
      send({ type: "refusal", id, error: { ...toWireError(error), stack: "" } });
    } finally {
      waiting--;
    }
  };
  return {
    answer(ask) {
      if (waiting >= MAX_PENDING_ASKS) return false;
      void reply(ask);
      return true;
    },
  };
}

async function run(
  services: HostServices,
  { service, args: [first = "", second = ""] }: PluginMessage & { type: "ask" },
): Promise<unknown> {
  switch (service) {
    case "getCredential":
      return services.getCredential(first);
    case "setCredential":
      return services.setCredential(first, second);
    case "signJwt":
      return services.signJwt(readRequest(first));
    case "getAccessToken":
    case "isAuthenticated":
    case "getTokenInfo":
    case "requireReauth":
      return services[service]();
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
