import { describe, expect, it } from "vitest";
import { createOutbox } from "../../src/host/guest-outbox.ts";
import { createAsks, createGuestServices } from "../../src/host/guest-services.ts";
import { MAX_MESSAGE_CHARS, type PluginMessage } from "../../src/host/host-messages.ts";
import { createRemoteServices } from "../../src/host/remote-services.ts";
import type { HostServices } from "../../src/types/host.ts";
import type { FetchInit } from "../../src/types/plugin.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

const INVALID = { name: "AppError", code: "CREDENTIAL_INVALID" };

function open() {
  const time = createFakeTime();
  const sent: PluginMessage[] = [];
  const post = (text: string) => void sent.push(JSON.parse(text) as PluginMessage);
  const outbox = createOutbox(post, time);
  const asks = createAsks((message) => outbox.send(message));
  return {
    time,
    sent,
    outbox,
    asks,
    services: createGuestServices(asks, (message) => outbox.tell(message)),
  };
}

describe("a plugin's log record, as a message", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  it.each([
    ["nothing", undefined, {}],
    ["plain fields", { a: [1, null], b: undefined }, { a: [1, null] }],
    ["a text", "words", { field: "words" }],
    ["a list", [1], { field: [1] }],
    ["a function", () => 1, {}],
    ["a BigInt", { n: 5n }, { n: "5" }],
    ["an error", new Error("m"), { error: expect.stringMatching(/^Error: m\n +at /) }],
    [
      "an error in a field",
      { cause: new Error("m") },
      { cause: expect.stringMatching(/^Error: m\n/) },
    ],
    ["a cycle", cycle, { unreadableFields: expect.stringMatching(/circular/) }],
    ["much", { text: "x".repeat(100_000) }, { unreadableFields: "too large" }],
  ])("shows its fields, which are %s", (_what, fields, shown) => {
    const { services, sent } = open();
    services.logger.info("told", fields as Record<string, unknown>);
    expect(sent).toEqual([{ type: "log", level: "info", message: "told", fields: shown }]);
  });

  it("keeps what was bound, which no later field takes the place of", () => {
    const { services, sent } = open();
    services.logger.with({ part: "a" }).with({ part: "b", more: 1 }).error("told", { part: "c" });
    expect(sent).toMatchObject([{ fields: { part: "a", more: 1 } }]);
  });

  it.each([
    [new Error("thrown"), /^Error: thrown\n/],
    [7, /^7$/],
    ["x".repeat(50_000), /^x{16384}…$/],
  ])("has a message of %.10s", (message, shown) => {
    const { services, sent } = open();
    services.logger.warn(message as string);
    expect(sent).toMatchObject([{ level: "warn", message: expect.stringMatching(shown) }]);
  });
});

describe("a plugin's notices, as messages", () => {
  it("name a list that there is, and a resource as a text", () => {
    const { services, sent } = open();
    services.changed("resources");
    services.changed(undefined as never);
    services.resourceUpdated("a:b");
    services.resourceUpdated({} as never);
    expect(sent).toEqual([
      { type: "changed", list: "resources" },
      { type: "changed", list: "tools" },
      { type: "resource-updated", uri: "a:b" },
    ]);
  });
});

describe("a plugin's questions", () => {
  it("are answered each by its number", async () => {
    const { services, asks, sent } = open();
    const [one, two] = [services.getCredential("one"), services.getCredential("two")];
    asks.settle(2, ({ resolve }) => resolve("second"));
    asks.settle(1, ({ resolve }) => resolve("first"));
    asks.settle(1, ({ resolve }) => resolve("again"));
    asks.settle(99, ({ resolve }) => resolve("to nobody"));
    expect([await one, await two]).toEqual(["first", "second"]);
    expect(sent).toMatchObject([{ args: ["one"] }, { args: ["two"] }]);
  });

  it("are texts, and refused here when they are not", async () => {
    const { services, asks, sent } = open();
    await expect(services.getCredential(5 as never)).rejects.toMatchObject(INVALID);
    await expect(services.setCredential("k", {} as never)).rejects.toMatchObject(INVALID);
    await expect(services.signJwt(1n as never)).rejects.toThrow("The request is not JSON");
    await expect(asks.ask("getCredential", 5)).rejects.toThrow("getCredential() takes texts.");
    expect(sent).toEqual([]);
  });
});

describe("a plugin's fetch", () => {
  const ask = "https://api.example.org/";

  it("is cancelled by one message, and an answer that comes later is nobody's", async () => {
    const { services, asks, sent } = open();
    const controller = new AbortController();
    const fetched = services.fetch(ask, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(fetched).rejects.toThrow("enough");
    asks.settle(1, ({ resolve }) => resolve({}));
    controller.abort();
    expect(sent.map(({ type }) => type)).toEqual(["ask", "cancel-ask"]);
  });

  it("is no message when the signal has aborted already, nor is one cancelled that has been answered", async () => {
    const { services, asks, sent } = open();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(services.fetch(ask, { signal })).rejects.toThrow("too late");
    expect(sent).toEqual([]);
    const controller = new AbortController();
    const fetched = services.fetch(ask, { signal: controller.signal });
    await Promise.resolve();
    asks.settle(1, ({ resolve }) => resolve({ status: 204, headers: [], body: "", url: ask }));
    expect((await fetched).status).toBe(204);
    controller.abort();
    expect(sent).toHaveLength(1);
  });

  it.each<[string, string, FetchInit]>([
    ["an address", `${ask}${"a".repeat(9_000)}`, {}],
    ["headers", ask, { headers: { "x-a": "a".repeat(100_000) } }],
    ["a body", ask, { body: new Uint8Array(5 * 1024 * 1024 + 1) }],
    ["a body that is none", ask, { body: 5 as never }],
  ])("is refused here when it would make a message too long: %s", async (_what, url, init) => {
    const { services, sent } = open();
    await expect(services.fetch(url, init)).rejects.toMatchObject({ code: "OUTBOUND_REFUSED" });
    expect(sent).toEqual([]);
  });

  it("fits into a message at its longest", async () => {
    const { services, sent } = open();
    const asked = services.fetch(`${ask}${'"'.repeat(8_000)}`, {
      method: "POST",
      headers: { "x-a": '"'.repeat(20_000) },
      body: new Uint8Array(5 * 1024 * 1024),
    });
    asked.catch(() => {});
    await Promise.resolve();
    expect(JSON.stringify(sent[0]).length).toBeLessThan(MAX_MESSAGE_CHARS);
  });
});

describe("the server's side of a plugin's fetch", () => {
  const message = (id: number, head = '{"url":"https://a.example/"}') => ({
    type: "ask" as const,
    id,
    service: "fetch" as const,
    args: [head, ""],
  });

  function serve() {
    const aborted: unknown[] = [];
    const refusals: unknown[] = [];
    const fetch: HostServices["fetch"] = (url, init) =>
      new Promise((_resolve, reject) => {
        const { signal } = init!;
        signal!.addEventListener("abort", () => {
          aborted.push(String(url));
          reject(signal!.reason as Error);
        });
      });
    const remote = createRemoteServices({ fetch } as HostServices, (sent) => {
      refusals.push(sent);
    });
    return { remote, aborted, refusals };
  }

  it("lets go of the request that the plugin cancels, and of no other", () => {
    const { remote, aborted } = serve();
    remote.answer(message(1));
    remote.answer(message(2, '{"url":"https://b.example/"}'));
    remote.cancel(2);
    remote.cancel(99);
    expect(aborted).toEqual(["https://b.example/"]);
  });

  it("lets go of all of them when the plugin is gone, also of two with one number", () => {
    const { remote, aborted } = serve();
    remote.answer(message(1));
    remote.answer(message(1));
    remote.answer(message(2));
    remote.close();
    expect(aborted).toHaveLength(3);
  });

  it.each(["", "null", "[]", "{", '{"url":"https://a.example/","hasBody":true}'])(
    "refuses what cannot be read: %j",
    async (head) => {
      const { remote, refusals, aborted } = serve();
      remote.answer({ ...message(1, head), args: [head, head.includes("hasBody") ? "%" : ""] });
      await new Promise((resolve) => setImmediate(resolve));
      expect(refusals).toMatchObject([{ type: "refusal", error: { code: "OUTBOUND_REFUSED" } }]);
      expect(aborted).toEqual([]);
    },
  );
});

describe("what a plugin may tell of its own accord", () => {
  const record: PluginMessage = { type: "log", level: "info", message: "m", fields: {} };

  it("has a measure, and what is beyond is counted and told later", async () => {
    const { outbox, sent, time } = open();
    for (let count = 0; count < 5_300; count++) outbox.tell(record);
    expect(sent).toHaveLength(5_000);
    await time.advance(1_000);
    outbox.tell(record);
    expect(sent.slice(5_000)).toEqual([
      record,
      {
        type: "log",
        level: "warn",
        message: "Messages of the plugin were left out",
        fields: { dropped: 300 },
      },
    ]);
  });

  it("grows with the calls that it serves", () => {
    const { outbox, sent } = open();
    for (let count = 0; count < 5_001; count++) outbox.tell(record);
    outbox.give();
    for (let count = 0; count < 101; count++) outbox.tell(record);
    expect(sent.filter(({ type }) => type === "log")).toHaveLength(5_101);
  });

  it("ends with one message when it goes on and on; what is waited for is sent all the same", () => {
    const { outbox, sent } = open();
    for (let count = 0; count < 50_000; count++) outbox.tell(record);
    expect(sent).toHaveLength(5_001);
    expect(sent.at(-1)).toEqual({ type: "fatal", cause: "flood" });
    outbox.send({ type: "pong" });
    expect(sent.at(-1)).toEqual({ type: "pong" });
  });

  it("may leave out any number of reports", () => {
    const { outbox, sent } = open();
    for (let count = 0; count < 50_000; count++) {
      outbox.report({ type: "progress", id: 1, progress: count });
    }
    expect(sent).toHaveLength(5_000);
  });
});
