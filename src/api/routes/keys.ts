import * as z from "zod";
import type { KeyDirectory, NewKey } from "../../core/auth/key-directory.ts";
import { KEY_ROLES } from "../../core/auth/keys.ts";
import { ROLE_NAMES, SCOPES } from "../../core/auth/roles.ts";
import { INSTANCE_ID } from "../../core/instance-settings.ts";
import type { KeyChanges, KeyName, KeyRecord } from "../../types/keys.ts";
import { defineRoute } from "../define-route.ts";
import { paginate } from "../paginate.ts";
import type { Route } from "../route-table.ts";
import { owner, pageOf, pageQuery, time } from "../schemas.ts";

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .meta({ description: "For people.", example: "laptop" });
const expiresAt = time.positive().nullable().meta({
  description: "When it ends, in milliseconds since 1970; null for never.",
});

const clientLimits = {
  plugins: z.array(z.string().regex(INSTANCE_ID)).max(1_000).nullable().meta({
    description: "The plugin instances that it may use; null for all.",
  }),
  tools: z.array(z.string().min(1).max(64)).max(10_000).nullable().meta({
    description: "The tools that it may use, by the names that clients see; null for all.",
  }),
  readOnly: z.boolean().meta({
    description: "Whether it may use only tools that say of themselves that they change nothing.",
  }),
  owner: owner
    .refine((whose) => whose !== "shared", "must be client:<id> or user:<issuer>:<subject>")
    .nullable()
    .meta({
      type: ["string", "null"],
      description: "Whose accounts and credentials it uses; null for its own.",
    }),
  callsPerMinute: z.int().min(1).max(1_000_000).nullable().meta({
    description: "Tool calls that it may make in a minute; null for as many as anybody.",
  }),
  expiresAt,
};
const clientBody = z.strictObject({ name, ...z.object(clientLimits).partial().shape });
const clientChanges = z
  .strictObject({ name, ...clientLimits })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "changes nothing");

const known = {
  id: z.string(),
  name: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  usedAt: time.nullable().meta({ description: "When it was last used, to the minute." }),
  source: z.enum(["stored", "environment"]).meta({
    description: "Where it is kept: one of the environment is changed there.",
  }),
};
const clientAnswer = z.object({ ...known, ...clientLimits }).meta({ id: "Client" });

/** A list that a token may have: rights, and roles that stand for several. */
const scopes = z
  .array(z.enum([...ROLE_NAMES, ...SCOPES]))
  .min(1)
  .max(SCOPES.length)
  .meta({
    description: "Roles (admin, operator, viewer, auditor) and single rights.",
    example: ["viewer"],
  });
const tokenBody = z.strictObject({ name, scopes, expiresAt: expiresAt.optional() });
const tokenChanges = z
  .strictObject({ name, scopes, expiresAt })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "changes nothing");
const tokenAnswer = z.object({ ...known, scopes: z.array(z.string()) }).meta({ id: "ApiToken" });

/** The newest first. */
const byAge = ({ createdAt, id }: KeyRecord) => [
  String(Number.MAX_SAFE_INTEGER - createdAt).padStart(16, "0"),
  id,
];

const byId = z.strictObject({ id: z.string().min(1).max(64) });

/** What differs between the keys of MCP clients and the tokens of the admin API. */
interface Kind<Body extends z.ZodType, Changes extends z.ZodType, Answer extends z.ZodObject> {
  readonly kind: KeyRecord["kind"];
  readonly path: string;
  readonly noun: string;
  readonly body: Body;
  readonly changes: Changes;
  readonly answer: Answer;
  readonly toNew: (body: z.output<Body>) => NewKey;
  readonly toChanges: (changes: z.output<Changes>, key: KeyRecord) => KeyChanges;
  readonly toAnswer: (key: KeyRecord) => Record<string, unknown>;
}

/** `/api/clients`: the keys of MCP clients. `/api/tokens`: those of the admin API. A secret is answered once, when it is made. */
export function keyRoutes(keys: KeyDirectory): Route[] {
  return [...routesOf(keys, CLIENTS), ...routesOf(keys, TOKENS)];
}

const CLIENTS: Kind<typeof clientBody, typeof clientChanges, typeof clientAnswer> = {
  kind: "client",
  path: "/api/clients",
  noun: "client",
  body: clientBody,
  changes: clientChanges,
  answer: clientAnswer,
  toNew: ({ plugins = null, tools = null, readOnly = false, ...rest }) => ({
    ...rest,
    kind: "client",
    scopes: KEY_ROLES.client.scopes,
    access: { plugins, tools, readOnly },
  }),
  toChanges({ plugins, tools, readOnly, ...rest }, { access }) {
    const merged = {
      plugins: plugins === undefined ? (access?.plugins ?? null) : plugins,
      tools: tools === undefined ? (access?.tools ?? null) : tools,
      readOnly: readOnly ?? access?.readOnly ?? false,
    };
    return { ...rest, access: merged };
  },
  toAnswer: ({ access, owner: whose = null, callsPerMinute = null }) => ({
    plugins: access?.plugins ?? null,
    tools: access?.tools ?? null,
    readOnly: access?.readOnly ?? false,
    owner: whose,
    callsPerMinute,
  }),
};

const TOKENS: Kind<typeof tokenBody, typeof tokenChanges, typeof tokenAnswer> = {
  kind: "user",
  path: "/api/tokens",
  noun: "token",
  body: tokenBody,
  changes: tokenChanges,
  answer: tokenAnswer,
  toNew: (body) => ({ ...body, kind: "user" }),
  toChanges: (changes) => changes,
  toAnswer: ({ scopes: granted }) => ({ scopes: granted }),
};

function routesOf<Body extends z.ZodType, Changes extends z.ZodType, Answer extends z.ZodObject>(
  keys: KeyDirectory,
  { kind, path, noun, body, changes, answer, ...convert }: Kind<Body, Changes, Answer>,
): Route[] {
  const made = answer.extend({
    secret: z.string().meta({ description: "It is shown this once." }),
  });
  const toAnswer = (key: KeyRecord) => {
    const { id, name: called, createdAt, expiresAt: end = null, usedAt = null } = key;
    const source = keys.isGiven(key) ? "environment" : "stored";
    return {
      id,
      name: called,
      createdAt,
      expiresAt: end,
      usedAt,
      source,
      ...convert.toAnswer(key),
    };
  };
  const nameOf = (id: string): KeyName => ({ kind, id });
  return [
    defineRoute({
      method: "GET",
      path,
      policy: "keys:read",
      summary: `Lists the ${noun}s, the newest first, without their secrets.`,
      query: pageQuery,
      answers: { 200: pageOf(answer) },
      handle({ query }) {
        const { data, nextCursor } = paginate(keys.list(kind), byAge, query);
        return Response.json({ data: data.map(toAnswer), nextCursor });
      },
    }),
    defineRoute({
      method: "POST",
      path,
      policy: "keys:write",
      summary: `Makes a ${noun}, and its secret, which is answered this once.`,
      body,
      answers: { 201: made },
      async handle(input, caller) {
        const { key, secret } = await keys.create(convert.toNew(input.body as z.output<Body>));
        caller.about({ [noun]: key.id });
        const headers = { location: `${path}/${key.id}` };
        return Response.json({ ...toAnswer(key), secret }, { status: 201, headers });
      },
    }),
    defineRoute({
      method: "GET",
      path: `${path}/:id`,
      policy: "keys:read",
      summary: `Describes a ${noun}.`,
      params: byId,
      answers: { 200: answer },
      handle: ({ params }) => Response.json(toAnswer(keys.find(nameOf(params.id)))),
    }),
    defineRoute({
      method: "PUT",
      path: `${path}/:id`,
      policy: "keys:write",
      summary: `Changes what a ${noun} may do. What is left out stays; its open connections end.`,
      params: byId,
      body: changes,
      answers: { 200: answer },
      problems: ["CONFLICT"],
      async handle({ params, body: wanted }, caller) {
        const key = keys.find(nameOf(params.id));
        caller.about({ [noun]: key.id });
        const changed = await keys.change(key, (now) =>
          convert.toChanges(wanted as z.output<Changes>, now),
        );
        return Response.json(toAnswer(changed));
      },
    }),
    defineRoute({
      method: "POST",
      path: `${path}/:id/rotate`,
      policy: "keys:write",
      summary: `Gives a ${noun} another secret. The old one is good no more.`,
      params: byId,
      answers: { 200: made },
      problems: ["CONFLICT"],
      async handle({ params }, caller) {
        const { key, secret } = await keys.rotate(nameOf(params.id));
        caller.about({ [noun]: key.id });
        return Response.json({ ...toAnswer(key), secret });
      },
    }),
    defineRoute({
      method: "DELETE",
      path: `${path}/:id`,
      policy: "keys:write",
      summary: `Revokes a ${noun}. Its open connections end.`,
      params: byId,
      answers: { 204: null },
      problems: ["CONFLICT"],
      async handle({ params }, caller) {
        await keys.revoke(nameOf(params.id));
        caller.about({ [noun]: params.id });
        return new Response(null, { status: 204 });
      },
    }),
  ];
}
