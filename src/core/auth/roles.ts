/** The rights of the admin API, each for what it names. `docs/security.md` says what each lets somebody do. */
export const SCOPES = [
  "plugins:read",
  "plugins:write",
  "tools:call",
  "credentials:read",
  "credentials:write",
  "connections:read",
  "connections:write",
  "keys:read",
  "keys:write",
  "vault:read",
  "vault:write",
  "audit:read",
  "audit:payloads",
  "events:read",
  "metrics:read",
  "settings:read",
  "settings:write",
] as const;

export type Scope = (typeof SCOPES)[number];

const VIEWER = [
  "plugins:read",
  "credentials:read",
  "connections:read",
  "keys:read",
  "vault:read",
  "settings:read",
  "events:read",
  "metrics:read",
] as const satisfies readonly Scope[];

/**
 * Named sets of rights. What an audited request was about in detail is for auditors alone; who may make tokens
 * (`keys:write`) may make one for an auditor, which leaves a record.
 */
const ROLES = {
  admin: SCOPES.filter((scope) => scope !== "audit:payloads"),
  operator: [...VIEWER, "plugins:write", "tools:call", "credentials:write", "connections:write"],
  viewer: VIEWER,
  auditor: [...VIEWER, "audit:read", "audit:payloads"],
} as const satisfies Record<string, readonly Scope[]>;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[];

/** What these scopes and names of roles let somebody do; the names stay in it. */
export function expandScopes(names: readonly string[]): readonly string[] {
  const rights = names.flatMap((name) => [
    name,
    ...(Object.hasOwn(ROLES, name) ? ROLES[name as Role] : []),
  ]);
  return [...new Set(rights)];
}
