import * as z from "zod";
import { messageOf } from "../errors.ts";
import type { PluginAuthConfig } from "../types/auth.ts";
import type { PluginOAuth } from "../types/oauth.ts";
import { CREDENTIAL_NAME } from "../util/credential-names.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import { PROVIDER_NAMES } from "./auth/providers/index.ts";
import { compilePattern, type PatternSource } from "./field-validation.ts";

const MAX_FIELDS = 32;
const MAX_DESCRIPTION_CHARS = 2_000;
const MAX_SCOPES = 100;
/** RFC 6749, 3.3: no blank, no quote and no backslash. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;

/** `PluginAuthConfig` after its check: data alone, with nothing of the plugin's in it. */
export interface AuthConfig {
  readonly type: PluginAuthConfig["type"];
  readonly required: boolean;
  readonly owner: "shared" | "user";
  /** By name, in the plugin's order. */
  readonly fields: ReadonlyMap<string, AuthField>;
  /** Whose accounts it connects to; only where `type` is `oauth2`. */
  readonly oauth: PluginOAuth | null;
}

export interface AuthField {
  readonly type: "string" | "password" | "url";
  readonly required: boolean;
  readonly description: string;
  readonly validation: PatternSource | null;
}

/** A regular expression as an object in the server's thread, or as the data that it crosses messages as. */
const pattern = z
  .union([
    z.instanceof(RegExp),
    z.strictObject({ source: z.string(), flags: z.string().optional() }),
  ])
  .transform(({ source, flags = "" }): PatternSource => ({ source, flags }))
  .superRefine((value, context) => {
    const compiled = compilePattern(value);
    if (!compiled.ok) context.addIssue(compiled.reason);
  });

const field = z.strictObject({
  type: z.enum(["string", "password", "url"]),
  required: z.boolean(),
  description: z.string().min(1).max(MAX_DESCRIPTION_CHARS),
  validation: pattern.optional(),
});

const oauth = z
  .strictObject({
    provider: z
      .string()
      .refine((name) => PROVIDER_NAMES.includes(name), `is none of ${PROVIDER_NAMES.join(", ")}`),
    scopes: z.array(z.string().regex(SCOPE, "is not a scope")).max(MAX_SCOPES),
    urls: z
      .strictObject({
        issuer: z.url(),
        authorization: z.url(),
        token: z.url(),
        revocation: z.url(),
        resource: z.url(),
      })
      .partial()
      .optional(),
  })
  .refine(
    ({ provider, urls }) =>
      provider !== "custom" ||
      urls?.issuer !== undefined ||
      (urls?.authorization !== undefined && urls.token !== undefined),
    "needs urls/issuer, or urls/authorization and urls/token",
  );

const config = z
  .strictObject({
    type: z.enum(["api-key", "oauth2", "jwt", "custom"]),
    required: z.boolean(),
    owner: z.enum(["shared", "user"]).default("shared"),
    fields: z
      .record(
        z
          .string()
          .regex(CREDENTIAL_NAME, "is not the name of a credential ([A-Za-z][A-Za-z0-9_.-]{0,63})"),
        field,
      )
      .refine(
        (fields) => Object.keys(fields).length <= MAX_FIELDS,
        `has more than ${MAX_FIELDS} members`,
      )
      .default({}),
    oauth: oauth.optional(),
  })
  .refine(
    ({ type, oauth: accounts }) => accounts === undefined || type === "oauth2",
    'oauth is for the type "oauth2"',
  );

/**
 * Reads what a plugin says of how it authenticates. Where its manifest and its object both do, they must say the same (but
 * for descriptions): an operator has seen the one, and the other is what runs. `null` when neither does.
 */
export function readAuthConfig(
  manifest: unknown,
  object: unknown,
): Result<AuthConfig | null, string> {
  const promised = parse(manifest, "Its manifest's auth");
  if (!promised.ok) return promised;
  const declared = parse(object, "Its auth");
  if (!declared.ok) return declared;
  if (promised.value !== null && declared.value !== null) {
    const place = difference(promised.value, declared.value);
    if (place !== null) {
      return refuse(`Its auth and its manifest's auth say different things of ${place}.`);
    }
  }
  return ok(declared.value ?? promised.value);
}

/**
 * Whether a credential is one that no answer may carry: all are but those that the plugin declares as a plain `string`, such
 * as a key's id or an account's name, which a service names in its answers as a matter of course.
 */
export function isSecretField(auth: AuthConfig | null, name: string): boolean {
  return auth?.fields.get(name)?.type !== "string";
}

function parse(value: unknown, what: string): Result<AuthConfig | null, string> {
  if (value === null || value === undefined) return ok(null);
  try {
    const parsed = config.safeParse(value);
    if (parsed.success) return ok(toAuthConfig(parsed.data));
    const faults = parsed.error.issues.map(({ path, message }) => {
      const place = path.map(String).join("/");
      return place === "" ? message : `${place}: ${message}`;
    });
    return refuse(`${what} is not valid: ${faults.join("; ")}.`);
  } catch (error) {
    // A getter of the plugin's.
    return refuse(`${what} cannot be read: ${messageOf(error)}`);
  }
}

function toAuthConfig({ fields, oauth: accounts, ...rest }: z.output<typeof config>): AuthConfig {
  const entries = Object.entries(fields).map(([name, { validation = null, ...others }]) => {
    return [name, { ...others, validation }] as const;
  });
  return { ...rest, fields: new Map(entries), oauth: (accounts ?? null) as PluginOAuth | null };
}

/** What two configurations disagree about; `null` when they agree. */
function difference(a: AuthConfig, b: AuthConfig): string | null {
  for (const member of ["type", "required", "owner"] as const) {
    if (a[member] !== b[member]) return `"${member}"`;
  }
  if (JSON.stringify(a.oauth) !== JSON.stringify(b.oauth)) return `"oauth"`;
  for (const name of new Set([...a.fields.keys(), ...b.fields.keys()])) {
    if (shapeOf(a.fields.get(name)) !== shapeOf(b.fields.get(name))) return `the field "${name}"`;
  }
  return null;
}

function shapeOf(part: AuthField | undefined): string {
  if (part === undefined) return "";
  const { type, required, validation } = part;
  return JSON.stringify([type, required, validation?.source, validation?.flags]);
}
