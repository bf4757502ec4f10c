import { describe, expect, it } from "vitest";
import { scrubAnswer } from "../../src/api/scrub-answer.ts";
import { createScrubber } from "../../src/core/scrubber.ts";
import { utf8 } from "../../src/util/bytes.ts";
import { createTestApp, ADMIN_TOKEN } from "../helpers/test-app.ts";
import { testPlugin } from "../helpers/plugins.ts";

const SECRET = 'a "secret" of 25 letters';
const written = JSON.stringify(SECRET);

function scrub(body: BodyInit, type: string, secret = SECRET): Promise<Response> {
  const scrubber = createScrubber();
  scrubber.learn(utf8(secret));
  const headers = { "content-type": type, "x-other": "kept" };
  return scrubAnswer(new Response(body, { status: 207, headers }), scrubber, "r-1");
}

function inChunks(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = utf8(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

describe("an answer of the REST API", () => {
  it.each(["application/json", "application/json; charset=utf-8", "application/problem+json"])(
    "of %s has no secret, and is the same otherwise",
    async (type) => {
      const response = await scrub(`{"ä":[${written}]}`, type);
      expect(await response.text()).toBe('{"ä":["[redacted]"]}');
      expect([response.status, response.headers.get("content-type")]).toEqual([207, type]);
      expect(response.headers.get("x-other")).toBe("kept");
    },
  );

  it("is not sent when nothing of JSON is left without it", async () => {
    const response = await scrub('{"plugins":[]}', "application/json", '{"plugins"');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: "INTERNAL", requestId: "r-1" });
  });

  it.each([1, 2, 7, 1_000])("of JSON lines in pieces of %i bytes has none either", async (size) => {
    const lines = `{"ä":1}\n{"at":${written}}\n\n{"last":[${written}]}`;
    const response = await scrub(inChunks(lines, size), "application/x-ndjson");
    expect(await response.text()).toBe('{"ä":1}\n{"at":"[redacted]"}\n\n{"last":["[redacted]"]}');
    expect(response.status).toBe(207);
  });

  it("of JSON lines comes line by line", async () => {
    const lines = new TransformStream<Uint8Array, Uint8Array>();
    const response = await scrub(lines.readable, "application/x-ndjson");
    const reader = response.body!.getReader();
    const writer = lines.writable.getWriter();
    await writer.write(utf8(`${written}\n${written.slice(0, 9)}`));
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('"[redacted]"\n');
    await reader.cancel();
  });

  it.each(["text/plain", "text/event-stream", "application/octet-stream"])(
    "of %s passes, as a sealed backup must",
    async (type) => {
      expect(await (await scrub(written, type)).text()).toBe(written);
    },
  );

  it("without a body stays without", async () => {
    const response = new Response(null, { status: 204 });
    const scrubber = createScrubber();
    scrubber.learn(utf8(SECRET));
    expect(await scrubAnswer(response, scrubber, "r-1")).toBe(response);
  });

  it("is read by nobody as long as there is no secret", async () => {
    const response = Response.json({});
    expect(await scrubAnswer(response, createScrubber(), "r-1")).toBe(response);
  });
});

describe("the app", () => {
  const failing = testPlugin({
    initialize: async () => {
      throw new Error(`cannot start with ${SECRET}`);
    },
  });

  it("shows administrators no secret that a plugin failed with", async () => {
    const scrubber = createScrubber();
    scrubber.learn(utf8(SECRET));
    const app = await createTestApp({ plugins: { failing }, deps: { scrubber } });
    const text = await (await app.request("/api/plugins", { key: ADMIN_TOKEN })).text();
    await app.close();
    expect(text).toContain("cannot start with [redacted]");
    expect(text).not.toContain("25 letters");
  });
});
