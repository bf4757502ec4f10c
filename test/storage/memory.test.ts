import { expect, it } from "vitest";
import { createMemoryInstances, createMemorySessions } from "../../src/index.ts";
import { legacySessionsContract } from "../contract/legacy-sessions.ts";

legacySessionsContract("memory", async (limits) => createMemorySessions(limits));

it("memory instances are those they were given", async () => {
  expect(await createMemoryInstances().list()).toEqual([]);
});
