import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";

/** Events one session keeps for a client that reconnects. */
const CAPACITY = 256;

/**
 * The last events of one 2025-era session, so that a client that lost its stream gets what it missed. Older events
 * are gone, which the protocol allows.
 */
export function createEventBuffer(capacity: number = CAPACITY): EventStore {
  const events = new Map<string, { streamId: string; message: JSONRPCMessage }>();
  let last = 0;
  return {
    async storeEvent(streamId, message) {
      const id = String(++last);
      events.set(id, { streamId, message });
      if (events.size > capacity) events.delete(events.keys().next().value!);
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
