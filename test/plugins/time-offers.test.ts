import { describe, expect, it } from "vitest";
import { openTime } from "./time-host.ts";

describe("resources", () => {
  it("carry the instance id, so that two instances stand side by side", async () => {
    const { resources, resourceTemplates } = await (await openTime()).catalog();
    expect(resources.map(({ uri }) => uri)).toEqual(["time://clock/zones"]);
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "time://clock/now/{+zone}",
    ]);
  });

  it("list the zones", async () => {
    const { readResource } = await openTime();
    const zones = JSON.parse((await readResource("time://clock/zones")) as string) as string[];
    expect(zones).toEqual(expect.arrayContaining(["UTC", "Asia/Kolkata", "Europe/Kyiv"]));
  });

  it.each(["time://clock/now/Asia/Tokyo", "time://clock/now/Asia%2FTokyo"])(
    "tell the time in a zone: %s",
    async (uri) => {
      const { readResource } = await openTime();
      expect(JSON.parse((await readResource(uri)) as string)).toMatchObject({
        dateTime: "2026-07-01T21:34:56+09:00",
      });
    },
  );

  it.each(["time://clock/now/Mars/Base", "time://clock/later/UTC", "time://other/zones"])(
    "are none under %s",
    async (uri) => {
      expect(await (await openTime()).readResource(uri)).toBeNull();
    },
  );

  it("complete a zone from the beginning of its name or of its city", async () => {
    const { complete } = await openTime();
    const suggest = (value: string) =>
      complete({
        ref: { type: "resource", uriTemplate: "time://clock/now/{+zone}" },
        argument: { name: "zone", value },
        context: {},
      });
    expect(await suggest("berl")).toEqual(["Europe/Berlin"]);
    expect(await suggest("Europe/Be")).toEqual(["Europe/Belgrade", "Europe/Berlin"]);
    expect(await suggest("new y")).toEqual(["America/New_York"]);
    expect(await suggest("nowhere")).toEqual([]);
  });
});

describe("plan_meeting", () => {
  it("tells the model what it would get wrong: who works when, and when all of them do", async () => {
    const { getPrompt } = await openTime();
    const args = { zones: "Europe/Berlin, America/New_York", date: "2026-03-10", minutes: "45" };
    expect(await getPrompt("plan_meeting", args)).toBe(
      [
        "Find a time for a meeting of 45 minutes on 2026-03-10 between people in these time zones.",
        "They work from 09:00 to 17:00 where they are:",
        "- Europe/Berlin: 2026-03-10T08:00Z to 2026-03-10T16:00Z",
        "- America/New_York: 2026-03-10T13:00Z to 2026-03-10T21:00Z",
        "All of them work during 2026-03-10T13:00Z to 2026-03-10T16:00Z.",
        "Propose up to three times and give each of them in every zone; the tool convert makes sure of it.",
      ].join("\n"),
    );
  });

  it("says when there is no common time, and takes today", async () => {
    const { getPrompt } = await openTime();
    const text = await getPrompt("plan_meeting", { zones: "Asia/Tokyo,America/Los_Angeles" });
    expect(text).toContain("a meeting of 30 minutes on 2026-07-01");
    expect(text).toContain("They do not all work at once for that long.");
  });

  it.each([
    { args: { zones: "Berlin" }, message: "Did you mean Europe/Berlin?" },
    { args: { zones: "," }, message: "Name the time zones" },
    { args: { zones: "UTC", date: "2026-02-30" }, message: '"2026-02-30" is not a date.' },
    { args: { zones: "UTC", minutes: "soon" }, message: "Invalid arguments: minutes:" },
    { args: {}, message: "needs the arguments: zones" },
  ])("refuses $args", async ({ args, message }) => {
    const { getPrompt } = await openTime();
    await expect(getPrompt("plan_meeting", args as Record<string, string>)).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining(message),
    });
  });

  it("lists its arguments", async () => {
    const { prompts } = await (await openTime()).catalog();
    expect(prompts[0]?.arguments).toEqual([
      { name: "zones", description: "Time zones, with commas between them.", required: true },
      { name: "date", description: "Such as 2026-07-01. Left out: today.", required: false },
      { name: "minutes", description: "How long.", required: false },
    ]);
  });

  it("completes the last of its zones, leaving out the chosen", async () => {
    const { complete } = await openTime();
    const suggest = (value: string) =>
      complete({
        ref: { type: "prompt", name: "plan_meeting" },
        argument: { name: "zones", value },
        context: {},
      });
    expect(await suggest("berl")).toEqual(["Europe/Berlin"]);
    expect(await suggest("Europe/Berlin,Europe/Be")).toEqual(["Europe/Berlin, Europe/Belgrade"]);
  });
});

it("offers tools that a client may call without asking", async () => {
  const { tools } = await (await openTime()).catalog();
  expect(tools.map(({ name }) => name)).toEqual([
    "now",
    "convert",
    "add_duration",
    "difference",
    "list_zones",
  ]);
  for (const tool of tools) {
    expect(tool.annotations).toEqual({
      readOnlyHint: true,
      idempotentHint: true,
      openWorldHint: false,
    });
    expect(tool.outputSchema).toBeDefined();
  }
});
