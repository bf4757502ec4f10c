import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LruMap } from "../../src/util/lru.ts";

describe("LruMap", () => {
  it("lets go of what was not used for longest", () => {
    const map = new LruMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    expect(map.get("a")).toBe(1);
    map.set("c", 3);
    expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
  });

  it("keeps its size when a key is set again", () => {
    const map = new LruMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);
    expect([map.size, map.get("a"), map.get("b")]).toEqual([2, 3, 2]);
  });

  it("behaves like a list of the keys in the order of their use", () => {
    const step = fc.record({ set: fc.boolean(), key: fc.integer({ min: 0, max: 6 }) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, size) => {
          const map = new LruMap<number, number>(size);
          let used: number[] = [];
          for (const { set, key } of steps) {
            const known = used.includes(key);
            if (set) map.set(key, key * 10);
            expect(map.get(key)).toBe(set || known ? key * 10 : undefined);
            if (set || known) used = [...used.filter((other) => other !== key), key].slice(-size);
            expect(map.size).toBe(used.length);
          }
        },
      ),
    );
  });
});
