import { describe, expect, it } from "vitest";
import createTimePlugin from "../../plugins/time/index.ts";
import { createTestHost } from "../../src/plugins/index.ts";
import { callTime, openTime } from "./time-host.ts";

describe("now", () => {
  it("tells the time in the zone asked for", async () => {
    expect(await callTime("now", { timeZone: "Asia/Kolkata" })).toEqual({
      dateTime: "2026-07-01T18:04:56+05:30",
      timeZone: "Asia/Kolkata",
      utcOffset: "+05:30",
      weekday: "Wednesday",
      utc: "2026-07-01T12:34:56Z",
    });
  });

  it("tells it in UTC when neither the call nor the settings name a zone", async () => {
    expect(await callTime("now", {})).toMatchObject({
      dateTime: "2026-07-01T12:34:56+00:00",
      timeZone: "UTC",
    });
  });

  it("tells it in the zone of the settings", async () => {
    const { callTool } = await openTime({ timeZone: "America/New_York" });
    expect(await callTool("now")).toMatchObject({ dateTime: "2026-07-01T08:34:56-04:00" });
  });

  it("takes the runtime's clock when nobody gives another", async () => {
    const host = await createTestHost(createTimePlugin);
    const before = Date.now();
    const { utc } = (await host.callTool("now")) as { utc: string };
    expect(Date.parse(utc)).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
    expect(Date.parse(utc)).toBeLessThanOrEqual(Date.now());
  });
});

describe("settings", () => {
  it("must name a zone that exists", async () => {
    await expect(openTime({ timeZone: "Mars/Base" })).rejects.toThrow(
      "Invalid settings: timeZone: is not the name of an IANA time zone",
    );
  });

  it("must be none but the plugin's own", async () => {
    await expect(openTime({ timezone: "UTC" })).rejects.toThrow("Invalid settings");
  });
});

describe("zone names", () => {
  it.each([
    { given: "europe/berlin", zone: "Europe/Berlin" },
    { given: "Europe/Kiev", zone: "Europe/Kiev" },
    { given: "Europe/Kyiv", zone: "Europe/Kyiv" },
    { given: "utc", zone: "UTC" },
    { given: "+05:30", zone: "+05:30" },
    { given: "UTC+5:30", zone: "+05:30" },
    { given: "GMT-3", zone: "-03:00" },
    { given: "Etc/GMT+5", zone: "Etc/GMT+5" },
  ])("take $given", async ({ given, zone }) => {
    expect(await callTime("now", { timeZone: given })).toMatchObject({ timeZone: zone });
  });

  it.each([
    { given: "Europe/Berln", closest: ["Europe/Berlin"] },
    { given: "Berlin", closest: ["Europe/Berlin"] },
    { given: "New York", closest: ["America/New_York"] },
    { given: "São Paulo", closest: ["America/Sao_Paulo"] },
    { given: "IST", closest: ["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"] },
    { given: "Berlin, Germany", closest: ["Europe/Berlin"] },
    { given: "2026-01-01T00:00[Europe/Paris]", closest: ["Europe/Paris"] },
    {
      given: "indiana",
      closest: [
        "America/Indiana/Indianapolis",
        "America/Indiana/Knox",
        "America/Indiana/Marengo",
        "America/Indiana/Petersburg",
        "America/Indiana/Tell_City",
      ],
    },
  ])("that are wrong are answered with what may be meant: $given", async ({ given, closest }) => {
    await expect(callTime("now", { timeZone: given })).rejects.toMatchObject({
      name: "ToolError",
      message: `"${given}" is not the name of an IANA time zone. Did you mean ${closest.join(", ")}? The tool list_zones of this plugin searches all of them.`,
      data: { closest },
    });
  });

  it.each(["Mars/Base", "2026-01-01T00:00+01:00", "+25:00", "__proto__", "/", "Z"])(
    "that nobody may mean are answered with the way to search: %s",
    async (timeZone) => {
      await expect(callTime("now", { timeZone })).rejects.toMatchObject({
        name: "ToolError",
        message: `"${timeZone}" is not the name of an IANA time zone. The tool list_zones of this plugin searches all of them.`,
      });
    },
  );

  it("are not guessed from members that the tool does not have", async () => {
    await expect(callTime("now", { zone: "Europe/Berlin" })).rejects.toThrow("Invalid arguments");
  });
});
