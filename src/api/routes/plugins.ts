import * as z from "zod";
import { INSTANCE_ID } from "../../core/instance-settings.ts";
import { hostKind, oauthClient, toolPrefix } from "../../core/instance-schemas.ts";
import type { PluginAdmin } from "../../core/plugin-admin.ts";
import type { PluginDetails } from "../../core/plugin-details.ts";
import type { PluginManager } from "../../core/plugin-manager.ts";
import type { ToolAdmin } from "../../core/tool-admin.ts";
import { AppError, type ErrorCode } from "../../errors.ts";
import { defineRoute } from "../define-route.ts";
import { readIfMatch, toETag } from "../if-match.ts";
import { paginate } from "../paginate.ts";
import type { Route, RouteCaller } from "../route-table.ts";
import { instanceId, pageOf, pageQuery } from "../schemas.ts";
import { toActor } from "../to-actor.ts";
import { plugin, pluginStatus } from "./plugin-answers.ts";
import { toToolAnswer } from "./tool-answers.ts";

const config = z.record(z.string(), z.unknown());
const byId = z.strictObject({ id: instanceId });

const creation = z.strictObject({
  id: z
    .string()
    .refine((id) => INSTANCE_ID.test(id), "must be a-z, 0-9 and -, a letter first, 32 at most")
    .meta({ pattern: INSTANCE_ID.source, example: "github-work" }),
  package: z.string().min(1).max(256).meta({
    description: "One of /api/packages, or an installed npm package that is a plugin.",
    example: "./github",
  }),
  config: config.optional().meta({ description: "Its settings, as its schema has them." }),
  toolPrefix: toolPrefix.optional().meta({ description: "The instance id when left out." }),
  host: hostKind.optional(),
  oauth: oauthClient.optional(),
  enabled: z.boolean().optional().meta({ description: "true when left out." }),
});

const BACK = "null goes back to the plugins file, or to the default.";
const settings = z
  .strictObject({
    config: config
      .nullable()
      .optional()
      .meta({
        description: `All of its settings: what is left out is not set any more. ${BACK}`,
      }),
    keep: z
      .array(z.string().max(4_096))
      .max(1_000)
      .optional()
      .meta({
        description:
          "JSON Pointers into config where the present value stays: those of the answer's hidden.",
        example: ["/password"],
      }),
    toolPrefix: toolPrefix.nullable().optional().meta({ description: BACK }),
    host: hostKind.nullable().optional().meta({ description: BACK }),
    oauth: oauthClient.nullable().optional().meta({ description: BACK }),
  })
  .refine((changes) => Object.keys(changes).some((name) => name !== "keep"), "changes nothing");

export interface PluginRoutesDeps {
  readonly manager: Pick<PluginManager, "statuses">;
  readonly admin: PluginAdmin;
  readonly tools: Pick<ToolAdmin, "toolsOf">;
  readonly describe: (id: string) => Promise<PluginDetails | null>;
}

/** `/api/plugins`: the instances, and what is set of them. Changes answer the instance as it is then. */
export function pluginRoutes({ manager, admin, tools, describe }: PluginRoutesDeps): Route[] {
  async function answer(
    id: string,
    init: ResponseInit = {},
    missing: ErrorCode = "NOT_FOUND",
  ): Promise<Response> {
    const details = await describe(id);
    if (details === null) throw new AppError(missing, `There is no plugin "${id}".`);
    const { rev, ...rest } = details;
    const headers = new Headers(init.headers);
    headers.set("etag", toETag(rev));
    const all = { ...rest, tools: tools.toolsOf(id).map(toToolAnswer) };
    return Response.json(all, { ...init, headers });
  }

  /** For the audit record, which has no ids of what is not there: they are somebody's text. */
  const note = (caller: RouteCaller, id: string) => {
    if (manager.statuses().some((status) => status.id === id)) caller.about({ plugin: id });
  };

  /** A change by path alone. */
  const action = (
    name: "enable" | "disable" | "reload",
    summary: string,
    run: (id: string, request: Request) => Promise<void>,
  ) =>
    defineRoute({
      method: "POST",
      path: `/api/plugins/:id/${name}`,
      policy: "plugins:write",
      summary,
      params: byId,
      answers: { 200: plugin },
      problems:
        name === "reload"
          ? ["PLUGIN_STATE"]
          : ["CONFLICT", "INSTANCE_LOCKED", "PRECONDITION_FAILED"],
      async handle({ params: { id } }, caller, request) {
        note(caller, id);
        await run(id, request);
        return answer(id);
      },
    });

  return [
    defineRoute({
      method: "GET",
      path: "/api/plugins",
      policy: "plugins:read",
      summary: "Lists the plugin instances with their state.",
      query: pageQuery,
      answers: { 200: pageOf(pluginStatus) },
      handle: ({ query }) =>
        Response.json(paginate(manager.statuses(), (each) => [each.id], query)),
    }),
    defineRoute({
      method: "POST",
      path: "/api/plugins",
      policy: "plugins:write",
      summary: "Makes an instance of a plugin package, and starts it unless enabled is false.",
      body: creation,
      answers: { 201: plugin },
      problems: ["CONFLICT"],
      async handle({ body }, caller) {
        await admin.create(body, mayWriteSecrets(caller));
        caller.about({ plugin: body.id });
        const headers = { location: `/api/plugins/${body.id}` };
        // Somebody may have removed it since.
        return answer(body.id, { status: 201, headers }, "CONFLICT");
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/plugins/:id",
      policy: "plugins:read",
      summary: "Describes a plugin instance: its state, its settings and what it offers.",
      params: byId,
      answers: { 200: plugin },
      handle: ({ params }) => answer(params.id),
    }),
    action("enable", "Enables a plugin instance, and starts it.", (id, request) =>
      admin.setEnabled(id, true, readIfMatch(request)),
    ),
    action("disable", "Disables a plugin instance, after its calls in flight.", (id, request) =>
      admin.setEnabled(id, false, readIfMatch(request)),
    ),
    action("reload", "Loads a plugin instance's code again.", (id) => admin.reload(id)),
    defineRoute({
      method: "PUT",
      path: "/api/plugins/:id/config",
      policy: "plugins:write",
      summary: "Sets how a plugin instance is configured. What is left out stays.",
      params: byId,
      body: settings,
      answers: { 200: plugin },
      problems: ["CONFLICT", "INSTANCE_LOCKED", "PRECONDITION_FAILED"],
      async handle({ params: { id }, body }, caller, request) {
        note(caller, id);
        await admin.setConfig(id, body, readIfMatch(request));
        return answer(id);
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/plugins/:id",
      policy: "plugins:write",
      summary: "Removes a plugin instance. Its credentials stay, unless they are to be deleted.",
      params: byId,
      query: z.strictObject({
        credentials: z.enum(["keep", "delete"]).default("keep").meta({
          description: "delete needs the rights credentials:write and connections:write, too.",
        }),
      }),
      answers: { 204: null },
      problems: [
        "CONFLICT",
        "INSTANCE_LOCKED",
        "PRECONDITION_FAILED",
        "VAULT_UNAVAILABLE",
        "AUDIT_UNAVAILABLE",
      ],
      async handle({ params: { id }, query }, caller, request) {
        note(caller, id);
        const isDeletion = query.credentials === "delete";
        if (isDeletion && !mayWriteSecrets(caller)) {
          throw new AppError("FORBIDDEN", `This needs the rights ${SECRETS.join(" and ")}.`);
        }
        await admin.remove(id, isDeletion ? toActor(caller) : null, readIfMatch(request));
        return new Response(null, { status: 204 });
      },
    }),
  ];
}

const SECRETS = ["credentials:write", "connections:write"] as const;

/** Whoever may make and remove plugins need not be allowed what goes with them. */
function mayWriteSecrets({ principal: { scopes } }: RouteCaller): boolean {
  return SECRETS.every((scope) => scopes.includes(scope));
}
