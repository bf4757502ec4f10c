import { describe, expect, it } from "vitest";
import { callTime } from "./time-host.ts";

describe("add_duration", () => {
  const berlin = { timeZone: "Europe/Berlin" };

  it.each([
    {
      name: "a day keeps the time of day over a day of 23 hours",
      dateTime: "2026-03-28T12:00",
      duration: "P1D",
      end: "2026-03-29T12:00:00+02:00",
      elapsed: "PT23H",
    },
    {
      name: "24 hours are 24 hours",
      dateTime: "2026-03-28T12:00",
      duration: "PT24H",
      end: "2026-03-29T13:00:00+02:00",
      elapsed: "PT24H",
    },
    {
      name: "a day keeps the time of day over a day of 25 hours",
      dateTime: "2026-10-24T12:00",
      duration: "P1D",
      end: "2026-10-25T12:00:00+01:00",
      elapsed: "PT25H",
    },
    {
      name: "hours are added after days",
      dateTime: "2026-03-28T01:30",
      duration: "P1DT1H",
      end: "2026-03-29T03:30:00+02:00",
      elapsed: "PT25H",
    },
    {
      name: "a minus subtracts",
      dateTime: "2026-03-30T12:00",
      duration: "-P1DT2H",
      end: "2026-03-29T10:00:00+02:00",
      elapsed: "-PT26H",
    },
    {
      name: "a day that a month lacks becomes its last",
      dateTime: "2026-01-31T09:00",
      duration: "P1M",
      end: "2026-02-28T09:00:00+01:00",
      elapsed: "PT672H",
    },
    {
      name: "a leap day has no anniversary in a common year",
      dateTime: "2028-02-29T09:00",
      duration: "P1Y",
      end: "2029-02-28T09:00:00+01:00",
      elapsed: "PT8760H",
    },
    {
      name: "nothing changes nothing",
      dateTime: "2026-01-31T09:00",
      duration: "PT0S",
      end: "2026-01-31T09:00:00+01:00",
      elapsed: "PT0S",
    },
  ])("$name", async ({ dateTime, duration, end, elapsed }) => {
    const result = await callTime("add_duration", { dateTime, duration, ...berlin });
    expect(result).toMatchObject({ end: { dateTime: end }, elapsed });
  });

  it("stays in the second of two equal hours when no day is added", async () => {
    const args = { dateTime: "2026-10-25T02:30+01:00", duration: "PT10M", ...berlin };
    expect(await callTime("add_duration", args)).toMatchObject({
      end: { dateTime: "2026-10-25T02:40:00+01:00" },
    });
  });

  it("computes in the zone that the date-time names", async () => {
    const args = { dateTime: "2026-03-07T12:00[America/New_York]", duration: "P1D" };
    expect(await callTime("add_duration", args)).toMatchObject({
      end: { dateTime: "2026-03-08T12:00:00-04:00", timeZone: "America/New_York" },
      elapsed: "PT23H",
    });
  });

  it("asks when the days end at a time that the clocks skip", async () => {
    const args = { dateTime: "2026-03-28T02:30", duration: "P1D", ...berlin };
    await expect(callTime("add_duration", args)).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining("2026-03-29T02:30:00 does not exist in Europe/Berlin"),
    });
    expect(await callTime("add_duration", { ...args, disambiguation: "later" })).toMatchObject({
      end: { dateTime: "2026-03-29T03:30:00+02:00" },
      elapsed: "PT24H",
    });
  });

  it.each(["1 hour", "P", "P1.5D", "PT", "P1DT", "-", "P1D-PT1H"])(
    "refuses %s and says how to write it",
    async (duration) => {
      await expect(callTime("add_duration", { dateTime: "now", duration })).rejects.toMatchObject({
        name: "ToolError",
        message: expect.stringContaining(`"${duration}" is not an ISO 8601 duration. Write a day`),
      });
    },
  );

  it.each(["P900000Y", "-P900000Y", "PT9000000000H"])(
    "refuses %s, which leads out of time",
    async (duration) => {
      await expect(callTime("add_duration", { dateTime: "now", duration })).rejects.toMatchObject({
        name: "ToolError",
        message: expect.stringContaining("-271821 to 275760"),
      });
    },
  );
});

describe("difference", () => {
  const around = {
    start: "2026-03-28T12:00",
    end: "2026-04-30T18:30",
    timeZone: "Europe/Berlin",
  };

  it.each([
    { largestUnit: undefined, duration: "P33DT6H30M" },
    { largestUnit: "hour", duration: "PT797H30M" },
    { largestUnit: "week", duration: "P4W5DT6H30M" },
    { largestUnit: "month", duration: "P1M2DT6H30M" },
  ])("counts in $largestUnit and less: $duration", async ({ largestUnit, duration }) => {
    const args = { ...around, ...(largestUnit !== undefined && { largestUnit }) };
    expect(await callTime("difference", args)).toMatchObject({ duration, elapsed: "PT797H30M" });
  });

  it("is negative backwards in time", async () => {
    const args = { start: "2026-07-02", end: "2026-07-01" };
    expect(await callTime("difference", args)).toMatchObject({
      duration: "-P1D",
      elapsed: "-PT24H",
    });
  });

  it("counts from now", async () => {
    const args = { start: "now", end: "2026-12-24T18:00Z" };
    expect(await callTime("difference", args)).toMatchObject({ duration: "P176DT5H25M4S" });
  });

  it("takes moments of different zones", async () => {
    const args = {
      start: "2026-07-01T09:00[Europe/Berlin]",
      end: "2026-07-01T09:00[America/New_York]",
    };
    expect(await callTime("difference", args)).toMatchObject({
      duration: "PT6H",
      end: { dateTime: "2026-07-01T15:00:00+02:00" },
    });
  });
});
