import * as z from "zod";
import { AppError } from "../../errors.ts";
import type { IntrospectionSettings, IssuerSettings } from "../../types/access-tokens.ts";
import { isEndpoint } from "./oauth-endpoint.ts";
import { isScopeName, isTokenScope } from "./token-scopes.ts";

const ADDRESS_RULE =
  "must be an https address without a user and without # (http on localhost alone)";
const AUDIENCE_RULE = "must be a text or a list of texts, none of them empty";
const SCOPE_RULE = "must be mcp, mcp:read, mcp:<instance> or mcp:<instance>:read";
const SECRET_RULE =
  "needs either secretFile, the path of a file with the secret, or secretEnv, the name of a variable with it";

const address = z.string().refine(isEndpoint, ADDRESS_RULE);
const audience = z.string().min(1).max(2_048);
const scopeName = z.string().refine(isScopeName, "must be the name of one scope, as in a token");

const introspection = z
  .strictObject({
    endpoint: address.optional(),
    clientId: z.string().min(1).max(2_048),
    secretFile: z.string().min(1).optional(),
    secretEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be the name of a variable")
      .optional(),
  })
  .refine(
    ({ secretFile, secretEnv }) => (secretFile === undefined) !== (secretEnv === undefined),
    SECRET_RULE,
  );

const issuer = z.strictObject({
  issuer: address.refine((text) => !text.includes("?"), "must have no query"),
  audience: z
    .union([audience.transform((one) => [one]), z.array(audience).min(1, AUDIENCE_RULE).max(16)], {
      error: AUDIENCE_RULE,
    })
    .optional(),
  jwksUri: address.optional(),
  introspection: introspection.optional(),
  scopes: z.record(scopeName, z.array(z.string().refine(isTokenScope, SCOPE_RULE))).optional(),
  scopePrefix: scopeName.optional(),
});

const file = z.strictObject({
  $schema: z.string().optional(),
  issuers: z.array(issuer).min(1, "must name at least one issuer").max(16),
});

/** Where a secret stands that the settings speak of; one of both is there. */
export type SecretPlace = Pick<z.infer<typeof introspection>, "secretFile" | "secretEnv">;

/**
 * Reads the list of issuers. Unknown members are mistakes, and are named.
 *
 * @param secretAt how a secret is read; called once for each
 * @throws AppError `CONFIG_INVALID` naming each place and what is wrong there, and no value
 */
export function parseIssuerSettings(
  content: unknown,
  source: string,
  secretAt: (place: SecretPlace) => IntrospectionSettings["secret"],
): readonly IssuerSettings[] {
  const parsed = file.safeParse(content);
  if (!parsed.success) throw invalid(source, parsed.error.issues.map(toLine));
  const { issuers } = parsed.data;
  const mistakes = contradictions(issuers);
  if (mistakes.length > 0) throw invalid(source, mistakes);
  return issuers.map(({ introspection: asked, ...settings }) => {
    if (asked === undefined) return settings;
    const { endpoint, clientId, ...place } = asked;
    return { ...settings, introspection: { endpoint, clientId, secret: secretAt(place) } };
  });
}

function contradictions(issuers: readonly z.infer<typeof issuer>[]): string[] {
  const names = issuers.map((settings) => settings.issuer);
  const twice = issuers.flatMap((settings, at) =>
    names.indexOf(settings.issuer) < at ? [`/issuers/${at}/issuer: stands there twice`] : [],
  );
  // Such a token does not say whose it is, and each who is asked gets to see it.
  const [, ...more] = issuers.flatMap((settings, at) => (settings.introspection ? [at] : []));
  return [
    ...twice,
    ...more.map((at) => `/issuers/${at}/introspection: one issuer at most may have it`),
  ];
}

function toLine(issue: z.core.$ZodIssue): string {
  const place = `/${issue.path.map(String).join("/")}`;
  if (issue.code === "unrecognized_keys" && issue.keys.some((key) => /secret/i.test(key))) {
    return `${place}: a secret must not stand here itself`;
  }
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
  return `${place}: ${message}`;
}

function invalid(source: string, lines: readonly string[]): AppError {
  return new AppError("CONFIG_INVALID", `${source} is not valid:\n  ${lines.join("\n  ")}`);
}
