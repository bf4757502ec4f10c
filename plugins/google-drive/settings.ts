import { z, type HandlerContext } from "mcp-plugin-server/plugin";

const urlSchema = z
  .string()
  .max(500)
  // No user, query or fragment, and without TLS this machine alone.
  .regex(
    /^(?:https:\/\/[A-Za-z0-9.-]+|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]))(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/,
    "is not an https address, nor http on this machine",
  )
  .refine((text) => URL.canParse(text), "is not an address");

export const settingsSchema = z.strictObject({
  baseUrl: urlSchema
    .default("https://www.googleapis.com/drive/v3")
    .describe("Where the Drive API is, with the version: https, or http on this machine."),
  sheetsUrl: urlSchema
    .default("https://sheets.googleapis.com/v4")
    .describe("Where the Sheets API is, which is asked for a sheet by its name."),
  timeoutMs: z
    .int()
    .min(100)
    .max(120_000)
    .default(30_000)
    .describe("Milliseconds that one request may take, with its second try."),
});

export type Settings = z.infer<typeof settingsSchema>;

/** What every handler is given. */
export type DriveContext = HandlerContext<Settings>;
