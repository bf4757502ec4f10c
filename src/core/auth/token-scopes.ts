import type { IssuerSettings } from "../../types/access-tokens.ts";
import type { ToolAccess } from "../../types/principal.ts";

/** RFC 6749, 3.3. */
const SCOPE_NAME = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
/** `mcp`, `mcp:read`, `mcp:<instance>` and `mcp:<instance>:read`. An instance named `read` has the last form alone. */
const OURS = /^mcp(?<all>:read)?$|^mcp:(?<id>[a-z][a-z0-9-]{0,31})(?<one>:read)?$/;

/** What one scope lets a client use. */
interface Grant {
  /** `null` for all instances. */
  readonly instanceId: string | null;
  readonly readOnly: boolean;
}

/** Scopes that say on their own what may be used of every instance. */
export const GENERAL_SCOPES = ["mcp", "mcp:read"] as const;

export function isScopeName(name: string): boolean {
  return SCOPE_NAME.test(name);
}

/** Whether it is a scope of ours. */
export function isTokenScope(scope: string): boolean {
  return toGrant(scope) !== null;
}

/** What the names in a token stand for here, sorted, each once; whatever is not ours is left out. */
export function toOwnScopes(
  names: readonly string[],
  { scopes }: Pick<IssuerSettings, "scopes">,
): readonly string[] {
  const own =
    scopes === undefined
      ? names
      : names.flatMap((name) => (Object.hasOwn(scopes, name) ? scopes[name]! : []));
  return [...new Set(own.filter(isTokenScope))].toSorted();
}

/** What of the catalog these scopes let a client use: all of what each does. `null` when none is ours. */
export function accessOf(scopes: readonly string[]): ToolAccess | null {
  const grants = scopes.map(toGrant).filter((grant) => grant !== null);
  const full = instancesOf(grants.filter(({ readOnly }) => !readOnly));
  const read = instancesOf(grants.filter(({ readOnly }) => readOnly));
  if (full === null) return { plugins: null, tools: null, readOnly: false };
  if (full.length === 0) {
    return read?.length === 0 ? null : { plugins: read, tools: null, readOnly: true };
  }
  const alsoReads = read?.filter((id) => !full.includes(id)) ?? null;
  return {
    plugins: full,
    tools: null,
    readOnly: false,
    ...(alsoReads?.length !== 0 && { alsoReads }),
  };
}

/** What a call of a tool takes, and no more than that. */
export function scopesNeeded({
  instanceId,
  isReadOnly,
}: {
  readonly instanceId: string;
  readonly isReadOnly: boolean;
}): string[] {
  const whole = `mcp:${instanceId}`;
  if (isReadOnly) return [`${whole}:read`];
  // What would be its name means something else.
  return [instanceId === "read" ? "mcp" : whole];
}

/** Whether the broader scope lets a client do all that the narrower one does. */
export function covers(broader: string, narrower: string): boolean {
  const [broad, narrow] = [toGrant(broader), toGrant(narrower)];
  if (broad === null || narrow === null) return false;
  const reaches = broad.instanceId === null || broad.instanceId === narrow.instanceId;
  return reaches && (narrow.readOnly || !broad.readOnly);
}

function toGrant(scope: string): Grant | null {
  const groups = OURS.exec(scope)?.groups;
  if (groups === undefined) return null;
  return {
    instanceId: groups["id"] ?? null,
    readOnly: groups["all"] !== undefined || groups["one"] !== undefined,
  };
}

/** Their instances, sorted; `null` for all. */
function instancesOf(grants: readonly Grant[]): readonly string[] | null {
  const ids = grants.map(({ instanceId }) => instanceId);
  const named = ids.filter((id) => id !== null);
  return named.length < ids.length ? null : [...new Set(named)].toSorted();
}
