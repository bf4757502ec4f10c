import type { Tool } from "mcp-plugin-server/plugin";
import type { Query } from "./api-url.ts";
import type { ChangingMethod } from "./settings.ts";

export interface GetArguments {
  readonly path: string;
  readonly query?: Query;
}

export interface RequestArguments extends GetArguments {
  readonly method: ChangingMethod;
  readonly body?: unknown;
}

const VALUE = { type: ["string", "number", "boolean"] };

const GET_PROPERTIES = {
  path: {
    type: "string",
    minLength: 1,
    maxLength: 2_000,
    description: "Below the API's address, such as /projects/7, without a query.",
  },
  query: {
    type: "object",
    additionalProperties: { anyOf: [VALUE, { type: "array", items: VALUE, maxItems: 100 }] },
    maxProperties: 100,
    description: "Parameters; a list becomes one parameter for each of its values.",
  },
};

const ANSWER = {
  type: "object",
  properties: {
    status: { type: "integer" },
    body: { description: "JSON as it came, a text, or null when there is none." },
  },
  required: ["status", "body"],
  additionalProperties: false,
};

const GET: Tool = {
  name: "get",
  title: "Read from the API",
  description: "Reads a path of the API that this server has an account for.",
  annotations: { readOnlyHint: true, openWorldHint: true },
  inputSchema: {
    type: "object",
    properties: GET_PROPERTIES,
    required: ["path"],
    additionalProperties: false,
  },
  outputSchema: ANSWER,
};

/** `request` is there when something besides reading is allowed. */
export function toTools(methods: readonly ChangingMethod[]): Tool[] {
  if (methods.length === 0) return [GET];
  const request: Tool = {
    name: "request",
    title: "Change something at the API",
    description: "Sends a request that may change something to a path of the API.",
    annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    inputSchema: {
      type: "object",
      properties: {
        method: { enum: methods },
        ...GET_PROPERTIES,
        body: { description: "Any JSON; not for DELETE." },
      },
      required: ["method", "path"],
      additionalProperties: false,
    },
    outputSchema: ANSWER,
  };
  return [GET, request];
}
