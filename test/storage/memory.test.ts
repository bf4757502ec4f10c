import { describe, expect, it } from "vitest";
import {
  createMemoryCredentials,
  createMemoryInstances,
  createMemorySessions,
} from "../../src/index.ts";
import { legacySessionsContract } from "../contract/legacy-sessions.ts";

legacySessionsContract("memory", async (limits) => createMemorySessions(limits));

describe("memory credentials", () => {
  it("are kept per instance; absent is null", async () => {
    const credentials = createMemoryCredentials();
    await credentials.set("one", "key", "a");
    await credentials.set("two", "key", "b");
    await credentials.set("one", "key", "c");
    expect([
      await credentials.get("one", "key"),
      await credentials.get("two", "key"),
      await credentials.get("one", "other"),
      await credentials.get("three", "key"),
      await credentials.get("__proto__", "toString"),
    ]).toEqual(["c", "b", null, null, null]);
  });
});

it("memory instances are those they were given", async () => {
  expect(await createMemoryInstances().list()).toEqual([]);
});
