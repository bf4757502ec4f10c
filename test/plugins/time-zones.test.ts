import { describe, expect, it } from "vitest";
import { callTime, openTime } from "./time-host.ts";

describe("list_zones", () => {
  const names = async (filter: Record<string, unknown>) => {
    const { zones, total } = (await callTime("list_zones", filter)) as {
      zones: { timeZone: string }[];
      total: number;
    };
    return { names: zones.map(({ timeZone }) => timeZone), total };
  };

  it("finds a part of a name, whatever its case, with the time there", async () => {
    expect(await callTime("list_zones", { text: "new YORK" })).toEqual({
      zones: [
        {
          timeZone: "America/New_York",
          utcOffset: "-04:00",
          dateTime: "2026-07-01T08:34:56-04:00",
        },
      ],
      total: 1,
    });
  });

  it.each([
    { text: "kolkata", zone: "Asia/Kolkata" },
    { text: "calcutta", zone: "Asia/Kolkata" },
    { text: "kyiv", zone: "Europe/Kyiv" },
    { text: "kiev", zone: "Europe/Kyiv" },
  ])("finds $zone by today's name and by the former one ($text)", async ({ text, zone }) => {
    expect(await names({ text })).toEqual({ names: [zone], total: 1 });
  });

  it.each([
    { offset: "+05:45", found: ["Asia/Kathmandu"] },
    { offset: "UTC+5:45", found: ["Asia/Kathmandu"] },
    { offset: "-0930", found: ["Pacific/Marquesas"] },
    { offset: "\u22129:30", found: ["Pacific/Marquesas"] },
    { offset: "+15", found: [] },
  ])("finds the zones at $offset", async ({ offset, found }) => {
    expect(await names({ offset })).toEqual({ names: found, total: found.length });
  });

  it("goes by the offset of the day", async () => {
    const filter = { offset: "+02:00", text: "berlin" };
    expect(await names(filter)).toMatchObject({ total: 1 });
    const winter = await openTime({}, "2026-01-01T00:00Z");
    expect(await winter.callTool("list_zones", filter)).toMatchObject({ total: 0 });
  });

  it("joins its filters", async () => {
    expect(await names({ region: "arctic/", offset: "UTC+2" })).toEqual({
      names: ["Arctic/Longyearbyen"],
      total: 1,
    });
  });

  it.each(["UTC", "GMT", "Z", "+0", "-00:00"])("takes %s for no offset", async (offset) => {
    const found = await names({ offset, limit: 1000 });
    expect(found.names).toContain("UTC");
    expect(found.names).toContain("Atlantic/Reykjavik");
  });

  it("lists no more than the limit and tells the total", async () => {
    const all = await names({ limit: 1000 });
    expect(all.names).toHaveLength(all.total);
    expect(all.total).toBeGreaterThan(400);
    expect(all.names).toEqual(all.names.toSorted());
    expect(await names({})).toEqual({ names: all.names.slice(0, 50), total: all.total });
  });

  it("names the regions when there is none of that name", async () => {
    await expect(callTime("list_zones", { region: "Narnia" })).rejects.toMatchObject({
      name: "ToolError",
      message:
        'There is no region "Narnia". The regions are Africa, America, Antarctica, Arctic, Asia, Atlantic, Australia, Europe, Indian, Pacific.',
    });
  });

  it.each(["five", "5", "+5:99", ""])('refuses the offset "%s"', async (offset) => {
    await expect(callTime("list_zones", { offset })).rejects.toMatchObject({
      name: "ToolError",
      message: `"${offset}" is not a UTC offset. Write it as +05:30, -3 or UTC+1.`,
    });
  });
});
