import { createTestHost } from "mcp-plugin-server/plugin";
import { expect, it } from "vitest";
import createTasksPlugin from "./index.ts";

it("adds a task", async () => {
  const { callTool } = await createTestHost(createTasksPlugin);
  expect(await callTool("add", { title: "Write a plugin" })).toEqual({
    id: 1,
    title: "Write a plugin",
    done: false,
  });
});

it("tells the model when the list is full", async () => {
  const { callTool } = await createTestHost(createTasksPlugin, { config: { limit: 1 } });
  await callTool("add", { title: "One" });
  await expect(callTool("add", { title: "Two" })).rejects.toThrow("The list is full");
});

it("refuses a title without a letter before the handler runs", async () => {
  const { callTool } = await createTestHost(createTasksPlugin);
  await expect(callTool("add", { title: "   " })).rejects.toThrow("Invalid arguments: title");
});
