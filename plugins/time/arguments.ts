import { z } from "mcp-plugin-server/plugin";

/** Arguments that several tools take. The descriptions are what a model reads. */
export const zoneSchema = z.string().min(1).max(100);

export const ownZoneSchema = zoneSchema
  .optional()
  .describe("IANA time zone, such as Europe/Berlin. Left out: the server's default.");

export const dateTimeSchema = z
  .string()
  .min(1)
  .max(100)
  .describe(
    'Local (2026-07-01T09:30), exact (2026-07-01T09:30+02:00, 2026-07-01T07:30Z), a date, or "now".',
  );

export const durationSchema = z
  .string()
  .min(1)
  .max(100)
  .describe("ISO 8601, such as P1M, P2DT3H or PT90M; with a minus in front to subtract.");

/** Which moment a local time means that the clocks skip or show twice. */
export const choiceSchema = z
  .enum(["reject", "earlier", "later"])
  .default("reject")
  .describe("Which moment a local time means that the clocks skip or show twice; reject asks.");
