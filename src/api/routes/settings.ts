import * as z from "zod";
import { SERVER_SETTING_NAMES, SERVER_SETTING_SCHEMAS } from "../../core/server-setting-schemas.ts";
import type { ServerSettings, ServerSettingsView } from "../../core/server-settings.ts";
import { defineRoute } from "../define-route.ts";
import { readIfMatch, toETag } from "../if-match.ts";
import type { Route } from "../route-table.ts";

const { logLevel, auditDays, rateLimits, allowedOrigins } = SERVER_SETTING_SCHEMAS;

const source = z.enum(["default", "environment", "stored"]).meta({
  description: "Who decides: what the environment has set cannot be changed here.",
});

const settings = z
  .object({
    logLevel: z.object({ value: logLevel, source }).optional(),
    auditDays: z.object({ value: auditDays.nullable(), source }).optional(),
    rateLimits: z.object({ value: rateLimits, source }).optional(),
    allowedOrigins: z.object({ value: allowedOrigins, source }).optional(),
  })
  .meta({
    id: "Settings",
    description: "The settings that take effect on this server, as they count now.",
  });

const BACK = "null goes back to the default.";
const changes = z
  .strictObject({
    logLevel: logLevel.nullable().optional().meta({ description: BACK }),
    auditDays: auditDays
      .nullable()
      .optional()
      .meta({ description: `In days. ${BACK}` }),
    rateLimits: rateLimits
      .nullable()
      .optional()
      .meta({ description: `All four. ${BACK}` }),
    allowedOrigins: allowedOrigins
      .nullable()
      .optional()
      .meta({ description: `All. ${BACK}` }),
  })
  .refine((body) => Object.keys(body).length > 0, "changes nothing");

/** `/api/settings`: what of the server can be seen and changed while it runs. No secret is among it. */
export function settingsRoutes(server: Pick<ServerSettings, "view" | "change">): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/settings",
      policy: "settings:read",
      summary: "Tells the server's settings that can be changed while it runs.",
      answers: { 200: settings },
      handle: async () => answer(await server.view()),
    }),
    defineRoute({
      method: "PUT",
      path: "/api/settings",
      policy: "settings:write",
      summary:
        "Changes the server's settings, at once and for later starts. What is left out stays.",
      body: changes,
      answers: { 200: settings },
      problems: ["CONFLICT", "PRECONDITION_FAILED", "SETTING_FIXED"],
      async handle({ body }, caller, request) {
        // Which levels, numbers and origins somebody chose is what one asks the record later.
        for (const name of SERVER_SETTING_NAMES) {
          const value = body[name];
          if (value !== undefined) caller.about({ [name]: JSON.stringify(value) });
        }
        return answer(await server.change(body, readIfMatch(request)));
      },
    }),
  ];
}

function answer({ settings: data, rev }: ServerSettingsView): Response {
  return Response.json(data, { headers: { etag: toETag(rev) } });
}
