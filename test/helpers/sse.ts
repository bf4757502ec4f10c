/** One event of an event stream. */
interface SseEvent {
  readonly id: string | null;
  readonly data: string;
}

export interface SseReader {
  /** The next event with data, as parsed JSON. `null` when the stream has ended. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  next(): Promise<any>;
  /** Everything until the stream ends. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  rest(): Promise<any[]>;
  /** The id of the last event that was read, with or without data. */
  readonly lastEventId: string | null;
  cancel(): Promise<void>;
}

/** Reads a response that is an event stream, event by event. */
export function readSse(response: Response): SseReader {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let lastEventId: string | null = null;

  async function nextEvent(): Promise<SseEvent | null> {
    for (;;) {
      const end = buffer.indexOf("\n\n");
      if (end >= 0) {
        const block = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        return parseEvent(block);
      }
      const { done, value } = await reader.read();
      if (done) return null;
      buffer += value;
    }
  }

  const self: SseReader = {
    get lastEventId() {
      return lastEventId;
    },
    async next() {
      for (;;) {
        const event = await nextEvent();
        if (event === null) return null;
        lastEventId = event.id ?? lastEventId;
        if (event.data !== "") return JSON.parse(event.data);
      }
    },
    async rest() {
      const all: unknown[] = [];
      for (;;) {
        const message: unknown = await self.next();
        if (message === null) return all;
        all.push(message);
      }
    },
    cancel: () => reader.cancel(),
  };
  return self;
}

function parseEvent(block: string): SseEvent {
  const lines = block.split("\n");
  const field = (name: string) =>
    lines
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trimStart());
  return { id: field("id")[0] ?? null, data: field("data").join("\n") };
}
