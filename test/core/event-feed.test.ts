import { describe, expect, it } from "vitest";
import { EventFeed, type FedEvent } from "../../src/core/event-feed.ts";

type Event = `${"rare" | "often"} ${number}`;

function open(capacity = 3) {
  let now = 1_000;
  const feed = new EventFeed<Event>({
    now: () => now++,
    isFrequent: (event) => event.startsWith("often"),
    capacity,
  });
  return feed;
}

const eventsOf = (entries: readonly FedEvent<Event>[]) => entries.map(({ event }) => event);
const none = () => {};

/** Reads from the beginning on, and answers all that came. */
function readAll(feed: EventFeed<Event>) {
  const read: FedEvent<Event>[] = [];
  const reader = feed.read(null, (event) => read.push(event));
  return { read, stop: reader.stop };
}

describe("a feed of events", () => {
  it("hands each event to all who read at the time, with its time and an id", () => {
    const feed = open();
    feed.publish("rare 1");
    const [a, b] = [readAll(feed), readAll(feed)];
    feed.publish("rare 2");
    b.stop();
    feed.publish("often 3");
    expect(eventsOf(a.read)).toEqual(["rare 2", "often 3"]);
    expect(eventsOf(b.read)).toEqual(["rare 2"]);
    expect(a.read.map(({ time }) => time)).toEqual([1_002, 1_003]);
    expect(new Set(a.read.map(({ id }) => id)).size).toBe(2);
  });

  it("gives a reader that comes back what it has missed, in order", () => {
    const feed = open();
    const { read } = readAll(feed);
    const events: Event[] = ["rare 1", "often 2", "rare 3", "often 4"];
    for (const event of events) feed.publish(event);
    const back = feed.read(read[0]!.id, none);
    expect(eventsOf(back.missed)).toEqual(["often 2", "rare 3", "often 4"]);
    expect(back.missed).toEqual(read.slice(1));
    expect(back.hasGap).toBe(false);
    expect(feed.read(read[3]!.id, none)).toMatchObject({ missed: [], hasGap: false });
  });

  it("gives one that comes for the first time nothing of before", () => {
    const feed = open();
    for (let at = 1; at < 9; at++) feed.publish(`rare ${at}`);
    expect(feed.read(null, none)).toMatchObject({ missed: [], hasGap: false });
  });

  it("says that something is gone, once it is, and gives what is left", () => {
    const feed = open();
    const { read } = readAll(feed);
    for (let at = 1; at <= 4; at++) feed.publish(`rare ${at}`);
    expect(feed.read(read[0]!.id, none).hasGap).toBe(false);
    feed.publish("rare 5");
    const back = feed.read(read[0]!.id, none);
    expect([back.hasGap, eventsOf(back.missed)]).toEqual([true, ["rare 3", "rare 4", "rare 5"]]);
    expect(feed.read(read[1]!.id, none).hasGap).toBe(false);
  });

  it("lets a flood push out nothing but itself", () => {
    const feed = open();
    const { read } = readAll(feed);
    feed.publish("rare 1");
    feed.publish("rare 2");
    for (let at = 3; at < 100; at++) feed.publish(`often ${at}`);
    const back = feed.read(read[0]!.id, none);
    expect(eventsOf(back.missed)).toEqual(["rare 2", "often 97", "often 98", "often 99"]);
    expect(back.hasGap).toBe(true);
  });

  it.each(["", "x", "1", "rs-1", "rs-99", "rs--1", "rs-1-1x", "rs-1e0", `rs-${"9".repeat(40)}`])(
    "gives all that it has to a reader that names %j, which is no event of it",
    (id) => {
      const feed = new EventFeed<Event>({ now: () => 5_000, capacity: 3 });
      feed.publish("rare 1");
      const back = feed.read(id, none);
      expect([back.hasGap, eventsOf(back.missed)]).toEqual([true, ["rare 1"]]);
    },
  );

  it("makes ids that do not count in the process after it", () => {
    const [before, after] = [1_000, 2_000].map(
      (now) => new EventFeed<Event>({ now: () => now, capacity: 3 }),
    );
    const { read } = readAll(before!);
    for (const feed of [before!, after!]) feed.publish("rare 1");
    expect(after!.read(read[0]!.id, none).hasGap).toBe(true);
  });
});
