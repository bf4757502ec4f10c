import { describe, expect, it } from "vitest";
import { modernRequest } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import type { TestApp, TestRequest } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const MAX_BYTES = 4 * 1024 * 1024;
/** The message, its params and the arguments are levels of their own. */
const OUTER_LEVELS = 3;

const plugins = {
  demo: testPlugin({
    tools: {
      size: ({ text, deep, wide }) => ({
        chars: String(text ?? "").length,
        deep: JSON.stringify(deep ?? null).length,
        wide: wide?.length,
      }),
    },
  }),
};

const UNPARSABLE = "Parse error: the message is not valid JSON";

const NO_JSON: readonly [what: string, body: string][] = [
  ["nothing", ""],
  ["white space", " \n\t"],
  ["the beginning of a message", '{"jsonrpc":"2.0","id":1,'],
  ["a message and more", '{"jsonrpc":"2.0","id":1,"method":"tools/list"}x'],
  [
    "two messages",
    '{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}',
  ],
  ["single quotes", "{'jsonrpc':'2.0'}"],
  ["a trailing comma", '{"jsonrpc":"2.0","id":1,"method":"ping",}'],
  ["a comment", '{"jsonrpc":"2.0"} // hello'],
  ["NaN", '{"jsonrpc":"2.0","id":NaN}'],
  ["HTML", "<!doctype html>"],
  ["a NUL", '{"jsonrpc":"2.0","id":1,"method":"pi\u0000ng"}'],
  ["10,000 open brackets", "[".repeat(10_000)],
];

const NO_MESSAGES: readonly [what: string, body: unknown, id: unknown][] = [
  ["null", null, null],
  ["a number", 5, null],
  ["a text", "tools/list", null],
  ["an empty object", {}, null],
  ["no version", { id: 1, method: "tools/list" }, 1],
  ["another version", { jsonrpc: "1.0", id: 1, method: "tools/list" }, 1],
  ["the id null", { jsonrpc: "2.0", id: null, method: "tools/list" }, null],
  ["an object as id", { jsonrpc: "2.0", id: {}, method: "tools/list" }, null],
  ["a fraction as id", { jsonrpc: "2.0", id: 1.5, method: "tools/list" }, 1.5],
  ["an id beyond exact numbers", { jsonrpc: "2.0", id: 2 ** 53, method: "tools/list" }, 2 ** 53],
  ["a number as method", { jsonrpc: "2.0", id: 1, method: 5 }, null],
  ["a list as params", { jsonrpc: "2.0", id: 1, method: "tools/list", params: [] }, 1],
  ["a text as params", { jsonrpc: "2.0", id: 1, method: "tools/list", params: "x" }, 1],
  ["an empty batch", [], null],
  ["a batch of a number", [1], null],
  ["a batch of a batch", [[]], null],
];

const OTHER_TYPES = [
  null,
  "",
  "text/plain",
  "text/json",
  "application/jsonx",
  "application/json-patch+json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/csp-report",
  "text/plain; application/json",
  "application/json, text/plain",
];

describe.each(WAYS)("bodies, $way", ({ open }) => {
  it.each(NO_JSON)("that are %s are no JSON", async (_, body) => {
    const app = await open({ plugins });
    expect(await post(app, body)).toEqual([400, -32700, UNPARSABLE, null]);
  });

  it.each(NO_MESSAGES)("that are JSON with %s are no message", async (_, body, id) => {
    const app = await open({ plugins });
    const [status, code, , answeredId] = await post(app, JSON.stringify(body));
    expect([status, code, answeredId]).toEqual([400, -32600, id]);
  });

  it("may not be a batch of 2026-07-28 requests", async () => {
    const app = await open({ plugins });
    const { body } = modernRequest("tools/list");
    const [status, code] = await post(app, `[${body}]`);
    expect([status, code]).toEqual([400, -32600]);
  });

  it.each(OTHER_TYPES)("of the type %s are refused before they are read", async (type) => {
    const app = await open({ plugins });
    const { body, headers } = modernRequest("tools/list");
    const changed = new Headers(headers);
    if (type === null) changed.delete("content-type");
    else changed.set("content-type", type);
    // Bytes, because for a text `Request` would fill in a type.
    const bytes = new TextEncoder().encode(body);
    const [status, code, message] = await post(app, bytes, Object.fromEntries(changed));
    expect([status, code, message]).toEqual([415, -32000, "Content-Type must be application/json"]);
  });

  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON"])(
    "of the type %s are read",
    async (type) => {
      const app = await open({ plugins });
      const init = modernRequest("tools/list", {}, { headers: { "content-type": type } });
      expect((await app.request("/mcp", init)).status).toBe(200);
    },
  );

  it.each(["modern", "2025-11-25"])("may be 64 levels deep and not 65 (%s)", async (era) => {
    const app = await open({ plugins });
    const call = await caller(app, era);
    const deepest = nested(64 - OUTER_LEVELS);
    const fine = await call({ deep: deepest });
    expect(fine).toMatchObject([200, { deep: JSON.stringify(deepest).length }]);
    expect(await call({ deep: nested(65 - OUTER_LEVELS) })).toEqual([
      400,
      { code: -32600, message: "Invalid Request: the message is nested deeper than 64 levels" },
    ]);
  });

  it("may not be deeper than any recursion goes", async () => {
    const app = await open({ plugins });
    const params = `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`;
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":${params}}}`;
    const tooDeep = "Invalid Request: the message is nested deeper than 64 levels";
    expect(await post(app, body)).toEqual([400, -32600, tooDeep, null]);
  });

  it("may hold 100,000 values and not many more", async () => {
    const app = await open({ plugins });
    const call = await caller(app, "modern");
    const wide = Array.from({ length: 99_900 }, () => 0);
    expect(await call({ wide })).toMatchObject([200, { wide: 99_900 }]);
    expect(await call({ wide: Array.from({ length: 100_001 }, () => 0) })).toEqual([
      400,
      { code: -32600, message: "Invalid Request: the message is more than 100000 values" },
    ]);
  });

  it.each(["declared", "chunked"])("may have 4 MiB and not a byte more (%s)", async (how) => {
    const app = await open({ plugins });
    const full = callOfSize(MAX_BYTES);
    const answer = await app.request("/mcp", sent(full, how));
    expect(answer.status).toBe(200);
    const { result } = (await answer.json()) as {
      result: { structuredContent: { chars: number } };
    };
    expect(result.structuredContent.chars).toBeGreaterThan(MAX_BYTES - 1_000);

    const tooLarge = await app.request("/mcp", sent(callOfSize(MAX_BYTES + 1), how));
    expect([tooLarge.status, await tooLarge.json()]).toEqual([
      413,
      {
        jsonrpc: "2.0",
        error: { code: -32000, message: "The body must not exceed 4194304 bytes" },
        id: null,
      },
    ]);
    expect((await app.request("/mcp", modernRequest("tools/list"))).status).toBe(200);
  });

  it("that are compressed are no JSON", async () => {
    const app = await open({ plugins });
    const { body, headers } = modernRequest("tools/list");
    const zipped = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(zipped).arrayBuffer());
    const all = { ...headers, "content-encoding": "gzip" };
    expect(await post(app, bytes, all)).toEqual([400, -32700, UNPARSABLE, null]);
  });
});

describe("bodies whose parser is not to be trusted", () => {
  const app = () => WAYS[0]!.open({ plugins });

  it("are refused when they are longer than they say", async () => {
    const init = sent(callOfSize(MAX_BYTES + 1), "declared");
    const headers = { ...(init.headers as Record<string, string>), "content-length": "10" };
    expect((await (await app()).request("/mcp", { ...init, headers })).status).toBe(413);
  });

  it("are refused by what they say, without reading them", async () => {
    let reads = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          reads++;
          controller.enqueue(new Uint8Array(1_024));
        },
      },
      { highWaterMark: 0 },
    );
    const init = streamed(body);
    const headers = { ...(init.headers as Record<string, string>), "content-length": "4194305" };
    expect((await (await app()).request("/mcp", { ...init, headers })).status).toBe(413);
    expect(reads).toBe(0);
  });

  it("are read no further than the limit when they do not say", async () => {
    let bytes = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          bytes += 64 * 1_024;
          controller.enqueue(new Uint8Array(64 * 1_024));
        },
      },
      { highWaterMark: 0 },
    );
    expect((await (await app()).request("/mcp", streamed(body))).status).toBe(413);
    expect(bytes).toBe(MAX_BYTES + 64 * 1_024);
  });

  it("are refused when they break off", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"jsonrpc":'));
        controller.error(new Error("connection reset"));
      },
    });
    const response = await (await app()).request("/mcp", streamed(body));
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: -32700 } },
    ]);
  });
});

type Caller = (args: Record<string, unknown>) => Promise<[status: number, answer: unknown]>;

/** Calls the tool in the way of an era; answers its structured content or its error. */
async function caller(app: TestApp, era: string): Promise<Caller> {
  const session = era === "modern" ? null : await openSession(app, { version: era });
  return async (args) => {
    const params = { name: "demo_size", arguments: args };
    if (session !== null) {
      const { result, error } = await session.call("tools/call", params);
      return [error === undefined ? 200 : 400, error ?? result.structuredContent];
    }
    const response = await app.request("/mcp", modernRequest("tools/call", params));
    const { result, error } = (await response.json()) as {
      result: { structuredContent: unknown };
      error?: unknown;
    };
    return [response.status, error ?? result.structuredContent];
  };
}

function nested(levels: number): unknown {
  return JSON.parse("[".repeat(levels) + "]".repeat(levels));
}

function callOfSize(bytes: number): string {
  const body = (text: string) =>
    modernRequest("tools/call", { name: "demo_size", arguments: { text } }).body;
  return body("x".repeat(bytes - body("").length));
}

function sent(body: string, how: string): TestRequest {
  const bytes = new TextEncoder().encode(body);
  if (how === "chunked") return streamed(new Blob([bytes]).stream());
  const init = modernRequest("tools/call", { name: "demo_size" });
  const headers = { ...(init.headers as object), "content-length": String(bytes.length) };
  return { ...init, headers, body: bytes };
}

function streamed(body: ReadableStream): TestRequest {
  // `duplex` is demanded for streams, and not in the type.
  return {
    ...modernRequest("tools/call", { name: "demo_size" }),
    body,
    duplex: "half",
  } as TestRequest;
}

async function post(
  app: TestApp,
  body: string | Uint8Array<ArrayBuffer>,
  headers: HeadersInit = { "content-type": "application/json" },
): Promise<[status: number, code: number, message: string, id: unknown]> {
  const response = await app.request("/mcp", { method: "POST", body, headers });
  const { error, id } = (await response.json()) as {
    error: { code: number; message: string };
    id: unknown;
  };
  return [response.status, error.code, error.message, id];
}
