import { expect, it } from "vitest";
import { ownWorker } from "./helpers.ts";

it.each(["/sse", "/messages?sessionId=x"])("a Worker has no HTTP+SSE: %s is 404", async (path) => {
  const response = await ownWorker({ plugins: {} }).request(path);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
});
