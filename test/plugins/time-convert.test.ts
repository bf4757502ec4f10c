import { describe, expect, it } from "vitest";
import { callTime } from "./time-host.ts";

describe("convert", () => {
  it.each([
    { name: "a local time", dateTime: "2026-07-01T09:30", utc: "2026-07-01T07:30:00Z" },
    { name: "a space for the T", dateTime: "2026-07-01 09:30", utc: "2026-07-01T07:30:00Z" },
    { name: "a date", dateTime: "2026-07-01", utc: "2026-06-30T22:00:00Z" },
    { name: "fractions", dateTime: "2026-07-01T09:30:00.250", utc: "2026-07-01T07:30:00.25Z" },
    { name: "UTC", dateTime: "2026-07-01T09:30Z", utc: "2026-07-01T09:30:00Z" },
    { name: "an offset", dateTime: "2026-07-01T09:30-0700", utc: "2026-07-01T16:30:00Z" },
    { name: "now", dateTime: "now", utc: "2026-07-01T12:34:56Z" },
  ])("takes $name", async ({ dateTime, utc }) => {
    const result = await callTime("convert", { dateTime, from: "Europe/Berlin", to: "Asia/Tokyo" });
    expect(result).toMatchObject({
      from: { utc, timeZone: "Europe/Berlin", utcOffset: "+02:00" },
      to: { utc, timeZone: "Asia/Tokyo", utcOffset: "+09:00" },
    });
  });

  it("tells the weekday on both sides", async () => {
    const args = { dateTime: "2026-07-05T20:00", from: "America/New_York", to: "Asia/Tokyo" };
    expect(await callTime("convert", args)).toMatchObject({
      from: { weekday: "Sunday", dateTime: "2026-07-05T20:00:00-04:00" },
      to: { weekday: "Monday", dateTime: "2026-07-06T09:00:00+09:00" },
    });
  });

  it("lets a zone in brackets stand over the one of the call", async () => {
    const args = { dateTime: "2026-07-01T09:30[Asia/Tokyo]", from: "Europe/Berlin", to: "UTC" };
    expect(await callTime("convert", args)).toMatchObject({
      from: { timeZone: "Asia/Tokyo", utc: "2026-07-01T00:30:00Z" },
    });
  });

  it("takes an offset that agrees with the zone in brackets", async () => {
    const args = { dateTime: "2026-11-01T01:30-05:00[America/New_York]", to: "UTC" };
    expect(await callTime("convert", args)).toMatchObject({ to: { utc: "2026-11-01T06:30:00Z" } });
  });

  it("refuses an offset that contradicts the zone in brackets", async () => {
    const args = { dateTime: "2026-07-01T09:30+09:00[Europe/Berlin]", to: "UTC" };
    await expect(callTime("convert", args)).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining("at that moment Europe/Berlin is at +02:00"),
    });
  });

  it.each([
    "2026-02-30T10:00",
    "2026-07-01T25:00",
    "tomorrow",
    "09:30",
    "07/01/2026",
    "2026-07-01T09:30+99:00",
    "2026-07-01T09:30 and more",
  ])("refuses %s and says how to write it", async (dateTime) => {
    await expect(callTime("convert", { dateTime, to: "UTC" })).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringMatching(/^"[^"]+" (is not a date-time\. Write it as|has an offset)/),
    });
  });
});

describe("a local time that the clocks skip", () => {
  const args = { dateTime: "2026-03-08T02:30", from: "America/New_York", to: "UTC" };

  it("is asked about, with both moments", async () => {
    await expect(callTime("convert", args)).rejects.toMatchObject({
      name: "ToolError",
      message:
        '2026-03-08T02:30:00 does not exist in America/New_York, because the clocks skip it. Set disambiguation to "earlier" for 2026-03-08T01:30:00-05:00 or to "later" for 2026-03-08T03:30:00-04:00.',
      data: { earlier: "2026-03-08T01:30:00-05:00", later: "2026-03-08T03:30:00-04:00" },
    });
  });

  it.each([
    { disambiguation: "earlier", utc: "2026-03-08T06:30:00Z" },
    { disambiguation: "later", utc: "2026-03-08T07:30:00Z" },
  ])("is $utc when told $disambiguation", async ({ disambiguation, utc }) => {
    expect(await callTime("convert", { ...args, disambiguation })).toMatchObject({ to: { utc } });
  });

  it("is found where clocks move by half an hour, too", async () => {
    const lordHowe = { dateTime: "2026-10-04T02:15", from: "Australia/Lord_Howe", to: "UTC" };
    await expect(callTime("convert", lordHowe)).rejects.toMatchObject({
      data: { earlier: "2026-10-04T01:45:00+10:30", later: "2026-10-04T02:45:00+11:00" },
    });
  });

  it("may be a whole day", async () => {
    const samoa = { dateTime: "2011-12-30T12:00", from: "Pacific/Apia", to: "UTC" };
    await expect(callTime("convert", samoa)).rejects.toMatchObject({
      data: { earlier: "2011-12-29T12:00:00-10:00", later: "2011-12-31T12:00:00+14:00" },
    });
  });
});

describe("a local time that happens twice", () => {
  const args = { dateTime: "2026-11-01T01:30", from: "America/New_York", to: "UTC" };

  it("is asked about, with both moments", async () => {
    await expect(callTime("convert", args)).rejects.toMatchObject({
      name: "ToolError",
      message:
        '2026-11-01T01:30:00 happens twice in America/New_York, because the clocks go back. Set disambiguation to "earlier" for 2026-11-01T01:30:00-04:00 or to "later" for 2026-11-01T01:30:00-05:00.',
    });
  });

  it.each([
    { disambiguation: "earlier", utc: "2026-11-01T05:30:00Z" },
    { disambiguation: "later", utc: "2026-11-01T06:30:00Z" },
  ])("is $utc when told $disambiguation", async ({ disambiguation, utc }) => {
    expect(await callTime("convert", { ...args, disambiguation })).toMatchObject({ to: { utc } });
  });

  it("is one moment when it comes with its offset", async () => {
    const exact = { ...args, dateTime: "2026-11-01T01:30-05:00" };
    expect(await callTime("convert", exact)).toMatchObject({ to: { utc: "2026-11-01T06:30:00Z" } });
  });
});
