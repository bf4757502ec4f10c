import { expect, it } from "vitest";
import { endWith } from "../../src/api/end-with.ts";

/** An answer that never ends by itself, of which one part has come. */
function endless(type: string): Response {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
  });
  return new Response(body, { headers: { "content-type": type } });
}

const BROKEN = "The caller may read no more.";

it.each([
  ["text/event-stream", "ends", "end"],
  ["application/x-ndjson", "breaks off", BROKEN],
  ["text/csv; charset=utf-8", "breaks off", BROKEN],
])(
  "an answer that is %s %s when its caller may no longer read it",
  async (type, _how, expected) => {
    const life = new AbortController();
    const reader = endWith(endless(type), life.signal).body!.getReader();
    expect((await reader.read()).done).toBe(false);
    const next = reader.read().then(
      ({ done }) => (done ? "end" : "more"),
      (error: Error) => error.message,
    );
    life.abort();
    expect(await next).toBe(expected);
  },
);

it("an answer of another kind is given whole", async () => {
  const answer = Response.json({ a: 1 });
  expect(endWith(answer, AbortSignal.abort())).toBe(answer);
});
