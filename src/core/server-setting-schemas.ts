import * as z from "zod";
import { parseOrigin } from "../util/origin.ts";

/** What can be set of the server while it runs. */

const rate = z.int().min(1).max(9_999_999).nullable();

const rateLimits = z
  .strictObject({
    requests: rate.meta({
      description: "Requests of one key or token, by HTTP and over WebSockets.",
    }),
    calls: rate.meta({ description: "Tool calls of one principal." }),
    anonymous: rate.meta({
      description: "Requests of one address to what needs no key, or is nowhere.",
    }),
    failures: rate.meta({ description: "Refused keys and tokens of one address." }),
  })
  .meta({ description: "How often in a minute, each; null for as often as anybody likes." });

const origin = z
  .string()
  .max(256)
  .refine((text) => parseOrigin(text)?.origin === text, "must be an origin, as browsers send it")
  .meta({ example: "https://inspector.example.org" });

export const SERVER_SETTING_SCHEMAS = {
  logLevel: z
    .enum(["debug", "info", "warning", "error"])
    .meta({ description: "The least important lines that the log has." }),
  auditDays: z
    .int()
    .min(1)
    .max(99_999)
    .meta({ description: "Days that audit records are kept; for ever where nothing is set." }),
  rateLimits,
  allowedOrigins: z.array(origin).max(20).meta({
    description:
      "Origins of pages in browsers that may send requests, besides the server's own. They need a key like everybody.",
  }),
} as const;

export type ServerSettingName = keyof typeof SERVER_SETTING_SCHEMAS;

export const SERVER_SETTING_NAMES = Object.keys(
  SERVER_SETTING_SCHEMAS,
) as readonly ServerSettingName[];

type Settable = {
  readonly [Name in ServerSettingName]: Readonly<z.output<(typeof SERVER_SETTING_SCHEMAS)[Name]>>;
};

/** Every setting as it counts. Records are kept for ever where nobody has said for how long. */
export type ServerSettingValues = Omit<Settable, "auditDays"> & {
  readonly auditDays: number | null;
};

/** What is left out stays; `null` goes back to what the server was started with. */
export type ServerSettingChanges = {
  readonly [Name in ServerSettingName]?: Settable[Name] | null | undefined;
};
