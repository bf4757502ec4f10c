import { afterAll, beforeAll, describe, expect, it } from "vitest";
import time from "../../plugins/time/index.ts";
import { modern } from "../helpers/mcp.ts";
import { createTestApp, type TestApp } from "../helpers/test-app.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp({
    plugins: { time, tokyo: time },
    entries: { tokyo: { config: { timeZone: "Asia/Tokyo" } } },
  });
});

afterAll(() => app.close());

const ask = async (method: string, params: Record<string, unknown> = {}) => {
  const { status, body } = await modern(app, method, params);
  return { status, ...body };
};

describe("the time plugin on the server", () => {
  it("runs as two instances, with nothing quarantined", () => {
    const statuses = app.manager.statuses();
    expect(statuses.map(({ id, state, quarantined }) => ({ id, state, quarantined }))).toEqual([
      { id: "time", state: "running", quarantined: [] },
      { id: "tokyo", state: "running", quarantined: [] },
    ]);
  });

  it("offers its tools under the name of each", async () => {
    const { result } = await ask("tools/list");
    expect((result.tools as { name: string }[]).map(({ name }) => name)).toEqual([
      "time_add_duration",
      "time_convert",
      "time_difference",
      "time_list_zones",
      "time_now",
      "tokyo_add_duration",
      "tokyo_convert",
      "tokyo_difference",
      "tokyo_list_zones",
      "tokyo_now",
    ]);
  });

  it("answers with structured content that is also text", async () => {
    const { result } = await ask("tools/call", {
      name: "tokyo_convert",
      arguments: { dateTime: "2026-07-01T09:30", to: "UTC" },
    });
    expect(result.structuredContent).toMatchObject({
      from: { timeZone: "Asia/Tokyo" },
      to: { dateTime: "2026-07-01T00:30:00+00:00" },
    });
    expect(JSON.parse(result.content[0].text)).toEqual(result.structuredContent);
  });

  it("tells the model what it may have meant", async () => {
    const { result } = await ask("tools/call", {
      name: "time_now",
      arguments: { timeZone: "Europe/Berln" },
    });
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain("Did you mean Europe/Berlin?");
  });

  it("serves the resources of each under its own address", async () => {
    const { result } = await ask("resources/read", { uri: "time://tokyo/zones" });
    expect(result.contents).toEqual([
      {
        uri: "time://tokyo/zones",
        mimeType: "application/json",
        text: expect.stringContaining('"Asia/Tokyo"'),
      },
    ]);
    const now = await ask("resources/read", { uri: "time://tokyo/now/Asia/Kolkata" });
    expect(JSON.parse(now.result.contents[0].text)).toMatchObject({ utcOffset: "+05:30" });
  });

  it("has no resource for a zone that does not exist", async () => {
    const { error } = await ask("resources/read", { uri: "time://time/now/Mars/Base" });
    expect(error?.code).toBe(-32602);
  });

  it("completes zones and gives its prompt", async () => {
    const { result } = await ask("completion/complete", {
      ref: { type: "ref/prompt", name: "time_plan_meeting" },
      argument: { name: "zones", value: "Europe/Berlin,ky" },
    });
    expect(result.completion.values).toEqual(["Europe/Berlin, Europe/Kyiv"]);
    const prompt = await ask("prompts/get", {
      name: "time_plan_meeting",
      arguments: { zones: "UTC", date: "2026-07-01" },
    });
    expect(prompt.result.messages).toHaveLength(1);
    expect(prompt.result.messages[0].content.text).toContain("- UTC: 2026-07-01T09:00Z");
  });

  it("tells a person what is wrong with a prompt's arguments", async () => {
    const { error } = await ask("prompts/get", {
      name: "time_plan_meeting",
      arguments: { zones: "Berlin" },
    });
    expect(error?.message).toContain("Did you mean Europe/Berlin?");
  });
});
