import { describe, expect, it } from "vitest";
import { createEventBuffer } from "../../src/core/event-buffer.ts";

describe("the event buffer of a 2025-era session", () => {
  it("replays what followed an event on the same stream, without the stream's first, empty event", async () => {
    const buffer = createEventBuffer();
    const first = await buffer.storeEvent("a", {} as never);
    await buffer.storeEvent("b", message("other stream"));
    await buffer.storeEvent("b", {} as never);
    await buffer.storeEvent("a", message("one"));
    await buffer.storeEvent("a", message("two"));
    expect(await replay(buffer, first)).toEqual({ streamId: "a", texts: ["one", "two"] });
  });

  it("forgets the oldest event beyond its capacity", async () => {
    const buffer = createEventBuffer(2);
    const ids = await storeAll(buffer, ["one", "two", "three"]);
    expect(await known(buffer, ids)).toEqual([false, true, true]);
  });

  it("forgets the oldest events when they are too large together", async () => {
    const size = JSON.stringify(message("one")).length;
    const buffer = createEventBuffer(10, 2 * size);
    const ids = await storeAll(buffer, ["one", "two", "six"]);
    expect(await known(buffer, ids)).toEqual([false, true, true]);
  });

  it("keeps the last event, however large, and goes on from there", async () => {
    const buffer = createEventBuffer(10, 100);
    const ids = await storeAll(buffer, ["one", "x".repeat(1_000)]);
    expect(await known(buffer, ids)).toEqual([false, true]);
    const next = await storeAll(buffer, ["two"]);
    expect(await known(buffer, [...ids, ...next])).toEqual([false, false, true]);
  });
});

type Buffer = ReturnType<typeof createEventBuffer>;

function message(method: string) {
  return { jsonrpc: "2.0", method } as const;
}

async function storeAll(buffer: Buffer, texts: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts) ids.push(await buffer.storeEvent("a", message(text)));
  return ids;
}

function known(buffer: Buffer, ids: readonly string[]): Promise<boolean[]> {
  return Promise.all(
    ids.map(async (id) => (await buffer.getStreamIdForEventId!(id)) !== undefined),
  );
}

async function replay(buffer: Buffer, lastEventId: string) {
  const texts: unknown[] = [];
  const streamId = await buffer.replayEventsAfter(lastEventId, {
    send: async (_id, sent) => void texts.push((sent as { method?: string }).method),
  });
  return { streamId, texts };
}
