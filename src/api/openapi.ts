import * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import type { AnswerContract, RouteContract } from "./define-route.ts";
import type { RoutePolicy } from "./middleware/gate.ts";
import { problemStatus } from "./problem.ts";
import { ALWAYS_ANSWERED, type Route } from "./route-table.ts";

type JsonObject = Record<string, unknown>;

export interface OpenApiOptions {
  readonly version: string;
  /** Where the server is; left out where the document is for no server in particular. */
  readonly url?: string;
}

const COMPONENTS = "#/components/schemas/";

/**
 * The OpenAPI 3.1 document of the routes that have a contract, made of the very schemas that validate. OpenAPI 3.1 takes
 * JSON Schema 2020-12 as it is, so zod's own conversion is all that it needs.
 */
export function openApiDocument(routes: readonly Route[], options: OpenApiOptions): JsonObject {
  const schemas: JsonObject = { Problem: PROBLEM };
  const paths: Record<string, JsonObject> = {};
  for (const { method, path, policy, contract } of routes) {
    if (contract === undefined || method === "ALL") continue;
    const name = path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[name] ??= {})[method.toLowerCase()] = {
      operationId: operationId(method, path),
      summary: contract.summary,
      tags: [tagOf(path)],
      ...security(policy),
      ...parameters(contract, schemas),
      ...(contract.body && {
        requestBody: {
          required: true,
          content: { "application/json": { schema: toSchema(contract.body, "input", schemas) } },
        },
      }),
      responses: responses(path, policy, contract, schemas),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "mcp-plugin-server admin API",
      version: options.version,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: options.url ?? "/" }],
    security: [],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "A token of the admin API.",
        },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-mcp-plugin-server-session",
          description:
            "A browser's session, from this server's own pages alone; changes need X-CSRF-Token.",
        },
      },
    },
  };
}

/** Who may, in words: OpenAPI has no scopes for bearer tokens. */
function security(policy: RoutePolicy): JsonObject {
  if (policy === "public") return { security: [] };
  const need = policy === "self" ? "any token of the admin API" : `the right ${policy}`;
  return {
    description: `Needs ${need}.`,
    security: [{ token: [] }, { session: [] }],
  };
}

function parameters({ params, query }: RouteContract, schemas: JsonObject): JsonObject {
  const list = [...toParameters("path", params, schemas), ...toParameters("query", query, schemas)];
  return list.length === 0 ? {} : { parameters: list };
}

function toParameters(
  place: "path" | "query",
  object: z.ZodObject | undefined,
  schemas: JsonObject,
): JsonObject[] {
  if (object === undefined) return [];
  const { properties = {}, required = [] } = toSchema(object, "input", schemas) as {
    properties?: Record<string, JsonObject>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }));
}

function responses(
  path: string,
  policy: RoutePolicy,
  contract: RouteContract,
  schemas: JsonObject,
): JsonObject {
  const good = Object.entries(contract.answers).map(
    ([status, answer]) => [status, toResponse(answer, schemas)] as const,
  );
  const codes: ErrorCode[] = [
    "HOST_REFUSED",
    "ORIGIN_REFUSED",
    ...(ALWAYS_ANSWERED.has(path) ? [] : (["RATE_LIMITED", "OVERLOADED"] as const)),
    ...(policy === "public" ? [] : (["UNAUTHENTICATED", "CSRF_REFUSED", "FORBIDDEN"] as const)),
    ...(contract.params ? (["NOT_FOUND"] as const) : []),
    ...(contract.query ? (["QUERY_INVALID"] as const) : []),
    ...(contract.body ? (["BODY_INVALID", "BODY_TOO_LARGE"] as const) : []),
    ...(contract.problems ?? []),
    "INTERNAL",
  ];
  const byStatus = new Map<number, Set<ErrorCode>>();
  for (const code of codes) {
    const status = problemStatus(code);
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  const bad = [...byStatus].map(([status, known]) => [
    String(status),
    {
      description: [...known].join(", "),
      content: { "application/problem+json": { schema: { $ref: `${COMPONENTS}Problem` } } },
    },
  ]);
  return Object.fromEntries([...good, ...bad]) as JsonObject;
}

function toResponse(answer: AnswerContract, schemas: JsonObject): JsonObject {
  if (answer === null) return { description: "Done." };
  if (answer instanceof z.ZodType) {
    const schema = toSchema(answer, "output", schemas);
    return { description: "The answer.", content: { "application/json": { schema } } };
  }
  const content = Object.fromEntries([answer.type].flat().map((type) => [type, {}]));
  return { description: "The answer.", content };
}

/** JSON Schema of a part; named schemas become components. */
function toSchema(schema: z.ZodType, io: "input" | "output", components: JsonObject): JsonObject {
  const {
    $schema: _,
    $defs,
    ...json
  } = z.toJSONSchema(schema, {
    io,
    target: "draft-2020-12",
    // What no JSON Schema can say (a check of our own) is said by its description.
    unrepresentable: "any",
  }) as JsonObject & { $defs?: JsonObject };
  const linked = relink(json) as JsonObject;
  Object.assign(components, relink($defs ?? {}));
  const { id, ...rest } = linked;
  if (typeof id !== "string") return rest;
  components[id] = rest;
  return { $ref: `${COMPONENTS}${id}` };
}

/** References to definitions of one schema become references to components of the document. */
function relink(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relink);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === "$ref" && typeof member === "string"
        ? member.replace("#/$defs/", COMPONENTS)
        : relink(member),
    ]),
  );
}

/** `POST /api/plugins/:id/enable` is `postPluginsByIdEnable`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api/, "")
    .split("/")
    .filter((part) => part !== "")
    .map((part) => (part.startsWith(":") ? `by-${part.slice(1)}` : part))
    .join("-")
    .replaceAll(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase());
  return method.toLowerCase() + words.charAt(0).toUpperCase() + words.slice(1);
}

/** The resource that a route is about. */
function tagOf(path: string): string {
  const [first = "server", second] = path
    .replace(/^\/api\//, "/")
    .split("/")
    .filter(Boolean);
  if (first === "auth" && second !== undefined) return second;
  return path.startsWith("/api/") ? first : "server";
}

/** RFC 9457, as `problem` answers it. */
const PROBLEM: JsonObject = {
  type: "object",
  description: "What went wrong (RFC 9457). It repeats nothing of what was sent.",
  required: ["type", "title", "status", "code", "requestId"],
  properties: {
    type: { type: "string", description: "urn:mcp-plugin-server:error:<code>" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", description: "Stable: docs/errors.md explains each." },
    detail: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["pointer", "detail"],
        properties: {
          pointer: {
            type: "string",
            description: "A JSON Pointer into the body or the query; empty for the whole.",
          },
          detail: { type: "string" },
        },
      },
    },
    requestId: { type: "string" },
  },
};
