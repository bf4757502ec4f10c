import { createPluginGuest } from "../../src/guest.ts";
import type { HostMessage, PluginMessage } from "../../src/host/host-messages.ts";
import {
  loadRemotePlugin,
  type LinkEvents,
  type PluginLink,
  type RemotePluginDeps,
} from "../../src/host/remote-plugin.ts";
import type { HostedPlugin, PluginInfo } from "../../src/types/host.ts";
import { createCaller, createServices } from "../contract/plugin-host/harness.ts";
import { createFakeTime } from "./fake-time.ts";

/** Both sides of a plugin in one thread, with nothing but JSON texts between them. */
export function openLoopback(
  importModule: (entry: string) => Promise<unknown>,
): (events: LinkEvents) => PluginLink {
  return (events) => {
    let open = true;
    const later = (deliver: () => void) =>
      queueMicrotask(() => {
        if (open) deliver();
      });
    const guest = createPluginGuest({
      post: (text) => later(() => events.message(text)),
      importModule,
      time: { now: () => performance.now() },
    });
    return {
      post: (text) => later(() => guest.receive(text)),
      async close() {
        open = false;
      },
    };
  };
}

export const INFO: PluginInfo = {
  name: "p",
  version: "1.0.0",
  description: "d",
  dependencies: [],
  configSchema: null,
  auth: null,
};

/** A plugin's side that the test plays, on a clock that stands still. */
export async function openPlayed(deps: Partial<RemotePluginDeps> = {}) {
  const time = createFakeTime();
  const sent: HostMessage[] = [];
  let events!: LinkEvents;
  let closed = 0;
  const record = createServices();
  const say = (message: PluginMessage | string | object) =>
    events.message(typeof message === "string" ? message : JSON.stringify(message));
  const loading = loadRemotePlugin(
    { instanceId: "one", entry: "x" },
    {
      open: (given) => {
        events = given;
        return {
          post: (text) => void sent.push(JSON.parse(text) as HostMessage),
          close: async () => void closed++,
        };
      },
      services: record.services,
      time,
      onModules: () => {},
      ...deps,
    },
  );
  // Whoever tests the loading looks at `loading`.
  loading.catch(() => {});
  return {
    ...record,
    time,
    sent,
    say,
    loading,
    lose: (reason: Error) => events.lost(reason),
    closed: () => closed,
    /** Answers the request that was sent last. */
    answer: (value: unknown) => say({ type: "answer", id: lastId(sent), value }),
    async loaded(): Promise<Omit<HostedPlugin, "call"> & ReturnType<typeof createCaller>> {
      say({ type: "answer", id: lastId(sent), value: INFO });
      const plugin = await loading;
      return { ...plugin, ...createCaller(plugin) };
    },
  };
}

function lastId(sent: readonly HostMessage[]): number {
  return sent.flatMap((message) => ("id" in message ? [message.id] : [])).at(-1)!;
}
