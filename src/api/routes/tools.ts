import * as z from "zod";
import type { McpHandler } from "../../core/mcp-handler.ts";
import type { CatalogTool } from "../../core/plugin-catalog.ts";
import type { PluginManager } from "../../core/plugin-manager.ts";
import type { KnownTool, ToolAdmin } from "../../core/tool-admin.ts";
import { AppError } from "../../errors.ts";
import { defineRoute } from "../define-route.ts";
import { paginate } from "../paginate.ts";
import { problem } from "../problem.ts";
import type { Route } from "../route-table.ts";
import { instanceId, pageOf, pageQuery } from "../schemas.ts";
import { toolAnswer, toolSummary, toRecord, toToolAnswer } from "./tool-answers.ts";

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const NAME_RULE = "must be letters, digits, '_', '.' and '-', 64 characters at most";
const name = z
  .string()
  .refine((text) => NAME.test(text), NAME_RULE)
  .meta({ example: "github_list_repos" });

const settings = z
  .strictObject({
    enabled: z.boolean().meta({ description: "Whether clients have it." }),
    name: name.nullable().meta({
      description: `What clients call it: ${NAME_RULE}. null for the plugin's name behind the prefix.`,
    }),
    description: z
      .string()
      .min(1)
      .max(16_384)
      .refine((text) => text.isWellFormed(), "has half a character")
      .nullable()
      .meta({ description: "What clients are told of it; null for what the plugin says." }),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "changes nothing");

const toolResult = z
  .looseObject({
    content: z.array(z.record(z.string(), z.unknown())),
    structuredContent: z.unknown().optional(),
    isError: z.boolean().optional(),
  })
  .meta({ id: "ToolResult", description: "A result of MCP's tools/call." });

export interface ToolRoutesDeps {
  readonly manager: Pick<PluginManager, "catalog">;
  readonly tools: Pick<ToolAdmin, "toolsOf" | "set">;
  readonly mcp: Pick<McpHandler, "callTool">;
}

/** `/api/tools`: what clients may call, how that is shown to them, and a way to try it. */
export function toolRoutes({ manager, tools, mcp }: ToolRoutesDeps): Route[] {
  function find(publicName: string): KnownTool {
    const tool = manager.catalog.tools.get(publicName);
    const known = tool && tools.toolsOf(tool.run.instanceId);
    const found = known?.find(({ ownName }) => ownName === tool?.ownName);
    if (found === undefined) throw notFound();
    return found;
  }

  return [
    defineRoute({
      method: "GET",
      path: "/api/tools",
      policy: "plugins:read",
      summary: "Lists the tools that clients have, by name.",
      query: pageQuery.extend({
        plugin: instanceId.optional(),
        q: z.string().min(1).max(200).optional().meta({
          description: "Text in the name, the title or the description.",
        }),
      }),
      answers: { 200: pageOf(toolSummary) },
      handle({ query: { plugin, q, ...page } }) {
        const found = [...manager.catalog.tools.values()]
          .filter(({ run }) => plugin === undefined || run.instanceId === plugin)
          .filter((tool) => q === undefined || mentions(tool, q.toLowerCase()));
        return Response.json(paginate(found.map(toSummary), (each) => [each.name], page));
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/tools/:name",
      policy: "plugins:read",
      summary: "Describes a tool that clients have.",
      params: z.strictObject({ name }),
      answers: { 200: toolAnswer },
      handle: ({ params }) => Response.json(toToolAnswer(find(params.name))),
    }),
    defineRoute({
      method: "PUT",
      path: "/api/tools/:plugin/:tool",
      policy: "plugins:write",
      summary: "Sets whether clients have a tool, and what it is called. What is left out stays.",
      params: z.strictObject({
        plugin: instanceId,
        tool: z.string().min(1).max(64).meta({ description: "As its plugin calls it." }),
      }),
      body: settings,
      answers: { 200: toolAnswer },
      problems: ["CONFLICT", "INSTANCE_LOCKED"],
      async handle({ params: { plugin, tool }, body }, caller) {
        const changed = await tools.set(plugin, tool, body);
        caller.about({ plugin, tool });
        return Response.json(toToolAnswer(changed));
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/tools/:name/call",
      policy: "tools:call",
      summary: "Calls a tool as whoever asks, and answers what an MCP client would get.",
      params: z.strictObject({ name }),
      body: z.strictObject({
        arguments: z
          .record(z.string(), z.unknown())
          .default({})
          .meta({ description: "As the tool's input schema has them." }),
      }),
      answers: { 200: toolResult },
      problems: ["INPUT_REQUIRED", "CALL_ABORTED"],
      async handle({ params, body }, { principal, requestId, about }, { signal }) {
        const tool = manager.catalog.tools.get(params.name);
        if (tool !== undefined) about({ plugin: tool.run.instanceId, tool: tool.ownName });
        const caller = { principal, requestId, signal };
        const answer = await mcp.callTool(params.name, body.arguments, caller);
        if (answer === null) throw notFound();
        if (answer.kind === "input-required") {
          const { inputRequests = {} } = answer.question;
          return problem("INPUT_REQUIRED", requestId, { members: { inputRequests } });
        }
        return new Response(answer.json, { headers: { "content-type": "application/json" } });
      },
    }),
  ];
}

function toSummary({ name: called, run, ownName, definition }: CatalogTool) {
  return {
    name: called,
    plugin: run.instanceId,
    tool: ownName,
    title: definition.title ?? null,
    description: definition.description ?? null,
    annotations: toRecord(definition.annotations),
  };
}

function mentions({ name: called, definition }: CatalogTool, words: string): boolean {
  const { title = "", description = "" } = definition;
  return [called, title, description].some((text) => text.toLowerCase().includes(words));
}

function notFound(): AppError {
  return new AppError("NOT_FOUND", "There is no such tool.");
}
