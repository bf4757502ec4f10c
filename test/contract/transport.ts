import type { Transport } from "@modelcontextprotocol/client";
import type { Transport as LegacyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectV1Over, connectV2Over, type E2eClient } from "../helpers/e2e-client.ts";

/** A way to a server that runs the end-to-end fixture beside the time plugin. */
export interface TransportDriver {
  readonly openV1: () => LegacyTransport;
  readonly openV2: () => Transport;
}

interface Way {
  readonly name: string;
  readonly revision: string;
  readonly connect: (driver: TransportDriver) => Promise<E2eClient>;
}

const V1: Way = {
  name: "the v1 client",
  revision: "2025-11-25",
  connect: ({ openV1 }) => connectV1Over(openV1()),
};
const V2: readonly Way[] = [
  {
    name: "the v2 client as it is by default",
    revision: "2025-11-25",
    connect: ({ openV2 }) => connectV2Over(openV2()),
  },
  {
    name: "the v2 client that negotiates",
    revision: "2026-07-28",
    connect: ({ openV2 }) => connectV2Over(openV2(), "auto"),
  },
  {
    name: "the v2 client pinned to 2026-07-28",
    revision: "2026-07-28",
    connect: ({ openV2 }) => connectV2Over(openV2(), { pin: "2026-07-28" }),
  },
];

/** What every transport carries that keeps one connection for all messages of a client. */
export function transportContract(driver: TransportDriver): void {
  describe.each([V1, ...V2])("$name", ({ revision, connect }) => {
    let client: E2eClient;

    // One connection for all of them: what it is for, and a process may have to start for it.
    beforeAll(async () => {
      client = await connect(driver);
    });

    afterAll(() => client.close());

    it("connects in its revision", () => {
      expect(client.revision).toBe(revision);
      expect(client.serverName()).toBe("mcp-plugin-server");
    });

    it("sees every plugin's tools in its first list", async () => {
      const names = await client.toolNames();
      expect(names).toEqual(expect.arrayContaining(["e2e_echo", "time_now"]));
      expect(names).toEqual(names.toSorted());
    });

    it("calls tools, with text and structured content", async () => {
      expect(await client.call("e2e_echo", { text: "Grüße\n✓" })).toMatchObject({
        content: [{ type: "text", text: "Grüße\n✓" }],
      });
      expect(await client.call("e2e_sum", { numbers: [1, 2, 3.5] })).toMatchObject({
        structuredContent: { total: 6.5 },
      });
    });

    it("is told what a tool refuses, and that one does not exist", async () => {
      expect(await client.call("e2e_refuse")).toMatchObject({ isError: true });
      await expect(client.call("e2e_nothing")).rejects.toMatchObject({ code: -32602 });
    });

    it("reads resources, and gets prompts with suggestions", async () => {
      expect(await client.read("e2e://notes/7")).toMatchObject([{ text: "Note 7" }]);
      expect(await client.prompt("e2e_greet", { who: "Ada" })).toMatchObject([
        { content: { text: "Greet Ada kindly." } },
      ]);
      expect(await client.complete("e2e_greet", "who", "A")).toEqual(["Ada", "Alan"]);
    });

    it("makes many calls at once, and each gets its own answer", async () => {
      const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
      const answers = await Promise.all(texts.map((text) => client.call("e2e_echo", { text })));
      expect(answers.map(({ content }) => content[0].text)).toEqual(texts);
    });

    it("gets progress while a tool runs", async () => {
      const seen: unknown[] = [];
      const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
      const result = await client.call("e2e_count", {}, { onprogress });
      expect(result.content).toEqual([{ type: "text", text: "counted" }]);
      expect(seen).toEqual([1, 2, 3]);
    });

    it("is asked by a tool, and answers", async () => {
      expect((await client.call("e2e_ask")).content).toEqual([
        { type: "text", text: "Hello, Ada." },
      ]);
    });

    it("cancels a call, and the plugin hears of it", async () => {
      const aborted = async (): Promise<number> =>
        (await client.call("e2e_aborted")).structuredContent.count;
      const before = await aborted();
      const { signal, abort } = abortable();
      const waiting = client.call("e2e_hold", {}, { signal, onprogress: abort });
      await expect(waiting).rejects.toThrow("enough");
      await expect.poll(aborted, { timeout: 5_000 }).toBe(before + 1);
    });

    it("hears that the tools have changed, and lists the new ones", async () => {
      const before = await client.toolNames();
      const changed = new Promise<void>((resolve) => client.onToolsChanged(resolve));
      await client.call("e2e_toggle");
      await changed;
      const others = before.filter((name) => name !== "e2e_extra");
      const after = others.length < before.length ? others : [...before, "e2e_extra"].toSorted();
      expect(await client.toolNames()).toEqual(after);
    });

    it("hears that a resource has changed that it watches", async () => {
      let changes = 0;
      await client.watch("e2e://greeting", () => changes++);
      await client.call("e2e_touch");
      await expect.poll(() => changes, { timeout: 5_000 }).toBe(1);
    });
  });
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error("enough")) };
}
