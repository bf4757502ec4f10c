import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";

/** Events one session keeps for a client that reconnects. */
const CAPACITY = 256;
/** Characters of JSON that they may have together; the last event is kept whatever its size. */
const MAX_CHARS = 1024 * 1024;

/**
 * The last events of one 2025-era session, so that a client that lost its stream gets what it missed. Older events
 * are gone, which the protocol allows.
 */
export function createEventBuffer(
  capacity: number = CAPACITY,
  maxChars: number = MAX_CHARS,
): EventStore {
  const events = new Map<string, { streamId: string; message: JSONRPCMessage; chars: number }>();
  let last = 0;
  let total = 0;
  return {
    async storeEvent(streamId, message) {
      const id = String(++last);
      const chars = JSON.stringify(message).length;
      events.set(id, { streamId, message, chars });
      total += chars;
      for (const [oldest, event] of events) {
        if (oldest === id || (events.size <= capacity && total <= maxChars)) break;
        events.delete(oldest);
        total -= event.chars;
      }
      return id;
    },
    async getStreamIdForEventId(eventId) {
      return events.get(eventId)?.streamId;
    },
    async replayEventsAfter(lastEventId, { send }) {
      const streamId = events.get(lastEventId)?.streamId ?? "";
      for (const [id, event] of events) {
        const isPriming = Object.keys(event.message).length === 0;
        if (Number(id) > Number(lastEventId) && event.streamId === streamId && !isPriming) {
          await send(id, event.message);
        }
      }
      return streamId;
    },
  };
}
