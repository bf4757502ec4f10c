import type { EventFeed, FedEvent } from "../core/event-feed.ts";
import { EventStream } from "../core/event-stream.ts";
import { principalName } from "../core/live-events.ts";
import type { Logger } from "../types/logger.ts";
import type { Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import { parseJson } from "../util/parse-json.ts";
import { problem } from "./problem.ts";
import type { RouteCaller } from "./route-table.ts";

/** Streams that may be open at once, whoever reads them. */
const MAX_STREAMS = 20;
/** Of those, how many one key, token or session may have: nobody keeps the others out. */
const MAX_STREAMS_EACH = 5;
/** Bytes that a reader may leave unread. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Nginx would gather events until it has a page full of them.
  "x-accel-buffering": "no",
} as const;
/** Something between the last event and the next is gone. */
const GAP = "event: gap\ndata: {}\n\n";

export interface LiveStreamsDeps {
  readonly scrubber: Scrubber;
  readonly time: Time;
  readonly logger: Logger;
}

export interface LiveStreamOptions<T> {
  readonly feed: EventFeed<T>;
  /** The name of an event; `null` for one that this reader does not want. */
  readonly nameOf: (event: T) => string | null;
  /** An event as the text of a JSON object. */
  readonly textOf: (fed: FedEvent<T>) => string;
  readonly reader: Pick<RouteCaller, "principal" | "requestId">;
}

/** Event streams for people who watch the server. One that is not read is cut off, and holds up nothing meanwhile. */
export class LiveStreams {
  readonly #deps: LiveStreamsDeps;
  /** With whose they are. */
  readonly #open = new Map<EventStream, string>();
  #closed = false;

  constructor(deps: LiveStreamsDeps) {
    this.#deps = deps;
  }

  /** Answers with what comes from now on, after what a reader has missed that names its last event (`Last-Event-ID`). */
  answer<T>(
    request: Request,
    { feed, nameOf, textOf, reader: by }: LiveStreamOptions<T>,
  ): Response {
    const { requestId } = by;
    const whose = principalName(by.principal);
    const own = [...this.#open.values()].filter((other) => other === whose).length;
    if (this.#closed || this.#open.size >= MAX_STREAMS || own >= MAX_STREAMS_EACH) {
      return problem("TOO_MANY_CONNECTIONS", requestId);
    }
    // Nobody would read the body.
    if (request.method === "HEAD") return new Response(null, { headers: HEADERS });
    const send = (fed: FedEvent<T>) => {
      const name = nameOf(fed.event);
      if (name === null) return;
      stream.write(`id: ${fed.id}\nevent: ${name}\ndata: ${this.#clean(textOf(fed))}\n\n`);
      if (stream.unsent > MAX_UNREAD_BYTES) this.#cutOff(stream, requestId);
    };
    const stream: EventStream = new EventStream(this.#deps.time, {
      ended: () => {
        this.#open.delete(stream);
        reader.stop();
      },
    });
    const reader = feed.read(request.headers.get("last-event-id"), send);
    this.#open.set(stream, whose);
    stream.begin();
    // Something at once, so that the client sees that the stream is there.
    stream.write(reader.hasGap ? GAP : ": open\n\n");
    for (const fed of reader.missed) if (stream.isOpen) send(fed);
    return new Response(stream.body, { headers: HEADERS });
  }

  /** Ends all of them. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#open.keys()) stream.close();
  }

  #clean(text: string): string {
    const clean = this.#deps.scrubber.scrub(text);
    // What a secret was part of may be no JSON without it.
    return clean === text || parseJson(clean) !== undefined ? clean : "{}";
  }

  #cutOff(stream: EventStream, requestId: string): void {
    stream.fail(new Error("The client does not read its event stream"));
    // A turn later: what is logged becomes an event, and this one is still on its way to other readers.
    void Promise.resolve().then(() =>
      this.#deps.logger.info("An event stream that nobody reads was cut off", { requestId }),
    );
  }
}
