import { z } from "mcp-plugin-server/plugin";

export const settingsSchema = z.strictObject({
  baseUrl: z
    .string()
    .max(500)
    // No user, query or fragment, and without TLS this machine alone.
    .regex(
      /^(?:https:\/\/[A-Za-z0-9.-]+|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]))(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/,
      "is not an https address, nor http on this machine",
    )
    .refine((text) => URL.canParse(text), "is not an address")
    .default("https://api.github.com")
    .describe(
      "Where the API is: https, or http on this machine. For GitHub Enterprise Server https://<host>/api/v3.",
    ),
  timeoutMs: z
    .int()
    .min(100)
    .max(55_000)
    .default(20_000)
    .describe("Milliseconds that one request may take, with its second try."),
});

export type Settings = z.infer<typeof settingsSchema>;
