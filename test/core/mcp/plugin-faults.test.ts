import { describe, expect, it } from "vitest";
import { ToolError } from "../../../src/plugins/index.ts";
import { CALL_PATHS } from "../../helpers/call-paths.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import {
  cycle,
  errorsOf,
  expectHealthy,
  expectNothingToldBy,
  fail,
  FAULTS,
  healthy,
  later,
  SECRET,
} from "../../helpers/faults.ts";
import { modern } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { WAYS } from "../../helpers/ways.ts";

/** What a plugin may answer although it is no result. */
const BAD_ANSWERS: readonly [what: string, value: () => unknown][] = [
  ["a cycle", () => cycle()],
  ["a cycle in its structured content", () => ({ content: [], structuredContent: cycle() })],
  ["a cycle in its _meta", () => ({ content: [], _meta: cycle() })],
  ["a cycle in a content block", () => ({ content: [{ type: "text", text: "", _meta: cycle() }] })],
  ["a BigInt", () => 5n],
  ["a BigInt inside", () => ({ n: 5n })],
  ["a BigInt in its _meta", () => ({ content: [], _meta: { n: 5n } })],
  ["a function", () => () => SECRET],
  ["a symbol", () => Symbol(SECRET)],
  ["20 MB of text", () => "x".repeat(20_000_000)],
  ["20 MB in a field", () => ({ text: "x".repeat(20_000_000) })],
  [
    "20 MB in a content block",
    () => ({ content: [{ type: "text", text: "x".repeat(20_000_000) }] }),
  ],
  [
    "a getter that throws",
    () => ({
      get a() {
        return fail(new Error(SECRET));
      },
    }),
  ],
  ["a toJSON that throws", () => ({ toJSON: () => fail(new Error(SECRET)) })],
  [
    "a content block of no type",
    () => ({ content: [{ text: SECRET }], isError: false, structuredContent: 5n }),
  ],
  ["a content block of an unknown type", () => ({ content: [{ type: "video", data: SECRET }] })],
  ["a content block of the type __proto__", () => ({ content: [{ type: "__proto__" }] })],
  ["a content block of the type constructor", () => ({ content: [{ type: "constructor" }] })],
  ["a text block without text", () => ({ content: [{ type: "text" }] })],
  ["a text block whose text is a number", () => ({ content: [{ type: "text", text: 5 }] })],
  ["an image without data", () => ({ content: [{ type: "image", mimeType: "image/png" }] })],
  [
    "an image that is no base64",
    () => ({ content: [{ type: "image", data: "%%%", mimeType: "image/png" }] }),
  ],
  ["a sound without a type", () => ({ content: [{ type: "audio", data: "aGk=" }] })],
  ["a link without a name", () => ({ content: [{ type: "resource_link", uri: "a:b" }] })],
  [
    "a resource without contents",
    () => ({ content: [{ type: "resource", resource: { uri: "a:b" } }] }),
  ],
  ["a resource that is null", () => ({ content: [{ type: "resource", resource: null }] })],
  [
    "annotations that are a number",
    () => ({ content: [{ type: "text", text: "", annotations: 5 }] }),
  ],
  [
    "a priority beyond 1",
    () => ({ content: [{ type: "text", text: "", annotations: { priority: 7 } }] }),
  ],
  [
    "_meta of a block that is a text",
    () => ({ content: [{ type: "text", text: "", _meta: "x" }] }),
  ],
  ["_meta that is a number", () => ({ content: [], _meta: 5 })],
  ["_meta that is a list", () => ({ content: [], _meta: [] })],
];

describe.each(WAYS)("a plugin, $way", ({ open }) => {
  describe.each(CALL_PATHS)("$path", ({ callTool }) => {
    it.each(FAULTS)(
      "that %s fails by itself and tells the client nothing of it",
      async (_, run, logged) => {
        const app = await open({
          plugins: { bad: testPlugin({ tools: { run } }), good: healthy() },
        });
        const answer = await callTool(app, "bad_run");
        const [error, ...more] = errorsOf(app);
        const { requestId, ...fields } = error!.fields;
        const sentence = `Tool "bad_run" failed. Request id: ${String(requestId)}`;
        expect(answer.result).toMatchObject({
          isError: true,
          content: [{ type: "text", text: sentence }],
        });
        expectNothingToldBy(answer);
        expect(error!.message).toBe('Tool "bad_run" failed');
        expect(fields).toEqual({ plugin: "bad", error: expect.stringContaining(logged ?? "") });
        expect(more).toEqual([]);
        await expectHealthy(app, callTool);
      },
    );

    it.each(BAD_ANSWERS)("that answers %s fails by itself", async (_, value) => {
      const app = await open({
        plugins: { bad: testPlugin({ tools: { run: value } }), good: healthy() },
      });
      const answer = await callTool(app, "bad_run");
      const [error, ...more] = errorsOf(app);
      const sentence = `Tool "bad_run" returned an invalid result. Request id: ${String(error!.fields["requestId"])}`;
      expect(answer.result).toMatchObject({
        isError: true,
        content: [{ type: "text", text: sentence }],
      });
      expectNothingToldBy(answer);
      expect(error!.message).toMatch(/^Tool "bad_run" returned a result that /);
      expect(more).toEqual([]);
      await expectHealthy(app, callTool);
    });

    it("that throws a ToolError tells the model its words, and is no fault", async () => {
      const run = () =>
        fail(new ToolError("No such city: Atlantis.", { data: { city: "Atlantis" } }));
      const app = await open({ plugins: { bad: testPlugin({ tools: { run } }) } });
      const { result } = await callTool(app, "bad_run");
      expect(result).toMatchObject({
        isError: true,
        content: [
          { type: "text", text: "No such city: Atlantis." },
          { type: "text", text: '{"city":"Atlantis"}' },
        ],
        structuredContent: { city: "Atlantis" },
      });
      expect(errorsOf(app)).toEqual([]);
    });

    it.each<[what: string, data: unknown]>([
      ["a cycle", cycle()],
      ["a BigInt", 5n],
      ["20 MB", "x".repeat(20_000_000)],
    ])("that throws a ToolError with %s as data tells its words alone", async (_, data) => {
      const run = () => fail(new ToolError("No.", { data }));
      const app = await open({ plugins: { bad: testPlugin({ tools: { run } }) } });
      const { result } = await callTool(app, "bad_run");
      expect(result).toMatchObject({ isError: true, content: [{ type: "text", text: "No." }] });
      expect(result.content).toHaveLength(1);
      expect(result.structuredContent).toBeUndefined();
    });

    it("that throws a ToolError of 20 MB is cut short", async () => {
      const run = () => fail(new ToolError("x".repeat(20_000_000)));
      const app = await open({ plugins: { bad: testPlugin({ tools: { run } }) } });
      const { result } = await callTool(app, "bad_run");
      expect(result.content[0].text).toHaveLength(4 * 1024 * 1024);
    });

    it("that throws a ToolError of another copy of the class is understood", async () => {
      const run = () => fail(Object.assign(new Error("In other words."), { name: "ToolError" }));
      const app = await open({ plugins: { bad: testPlugin({ tools: { run } }) } });
      const { result } = await callTool(app, "bad_run");
      expect(result).toMatchObject({ isError: true, content: [{ text: "In other words." }] });
    });

    it("that changes its answer afterwards has answered what it was", async () => {
      const kept = { list: [1] };
      const run = () => {
        setImmediate(() => kept.list.push(2));
        return kept;
      };
      const app = await open({ plugins: { bad: testPlugin({ tools: { run } }) } });
      expect((await callTool(app, "bad_run")).result.structuredContent).toEqual({ list: [1] });
    });
  });

  it.each([1, 2, 3, 4, 5])(
    "whose answer turns bad when it is read for time %i is answered in any case",
    async (good) => {
      let reads = 0;
      const run = () => ({
        get n() {
          return ++reads > good ? 5n : 1;
        },
      });
      for (const { callTool } of CALL_PATHS) {
        reads = 0;
        const app = await open({ plugins: { bad: testPlugin({ tools: { run } }) } });
        const { result } = await callTool(app, "bad_run");
        expect(result.isError === true || result.structuredContent.n === 1).toBe(true);
      }
    },
  );

  it("that never answers is ended after its time, and may reject when nobody listens", async () => {
    const time = createFakeTime();
    const { promise, reject } = Promise.withResolvers<never>();
    let aborted: unknown = null;
    const slow = testPlugin({
      tools: {
        run: {
          timeoutMs: 5_000,
          run: (_, { signal }) => {
            signal.addEventListener("abort", () => (aborted = signal.reason));
            return promise;
          },
        },
      },
    });
    const app = await open({ plugins: { bad: slow, good: healthy() }, deps: { time } });
    const answering = modern(app, "tools/call", { name: "bad_run" });
    await started(() => time.advance(4_999));
    expect(aborted).toBeNull();
    await time.advance(1);
    const { body } = await answering;
    const [error, ...more] = errorsOf(app);
    const requestId = String(error!.fields["requestId"]);
    expect(body.result.content[0].text).toBe(
      `Tool "bad_run" took too long and was ended. Request id: ${requestId}`,
    );
    expect(aborted).toMatchObject({ code: "PLUGIN_TIMEOUT" });

    // Nobody waits for the plugin any more. An unhandled rejection would fail this run.
    reject(new Error(SECRET));
    await later();
    expect(more).toEqual([]);
    expect(errorsOf(app)).toHaveLength(1);
    await expectHealthy(app);
  });
});

/** Waits until the request has reached the plugin, so that its time runs, and goes on. */
async function started(next: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  await next();
}
