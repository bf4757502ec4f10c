import { createPrincipal, LOCAL_CLIENT } from "../../core/auth/principals.ts";
import type { Authenticator } from "../../core/auth/authenticator.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Principal } from "../../types/principal.ts";
import type { ServerConfig } from "../../types/server-config.ts";
import { LOOPBACK_NAMES, parseOrigin } from "../../util/origin.ts";
import { ok, refuse } from "../../util/result.ts";

/** Who may use a route: anybody, MCP clients, or administrators. */
export type RoutePolicy = "public" | "mcp" | "admin";

export type Refusal = Extract<
  ErrorCode,
  "HOST_REFUSED" | "ORIGIN_REFUSED" | "UNAUTHENTICATED" | "FORBIDDEN"
>;

/** A refusal names the principal whose key was good, but not for that. */
export type GateDecision =
  | { readonly ok: true; readonly value: Principal }
  | { readonly ok: false; readonly reason: Refusal; readonly principal?: Principal };

/** Decides whether a request may go on, and as whom. Every route is behind it. */
export type Gate = (headers: Headers, policy: RoutePolicy) => Promise<GateDecision>;

const ANYBODY = createPrincipal("anonymous", []);

/**
 * Host and Origin are checked each for itself, because under DNS rebinding they agree with each other
 * (CVE-2025-66414 and its like).
 */
export function createGate(config: ServerConfig, authenticator: Authenticator): Gate {
  const hosts = new Set(config.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(config.allowedOrigins.map((origin) => origin.toLowerCase()));
  const loopback = [...hosts].every((host) => LOOPBACK_NAMES.has(host));

  function originAllowed(origin: string | null): boolean {
    if (origin === null || origins.has(origin.toLowerCase())) return true;
    // A page of this machine may use a server that this machine alone knows, whatever its port.
    return loopback && isLoopbackPage(origin.toLowerCase());
  }

  return async function gate(headers, policy) {
    if (!hosts.has(hostName(headers.get("host") ?? ""))) return refuse("HOST_REFUSED");
    if (!originAllowed(headers.get("origin"))) return refuse("ORIGIN_REFUSED");
    if (policy === "public") return ok(ANYBODY);
    if (policy === "mcp" && config.auth === "none") return ok(LOCAL_CLIENT);
    const principal = await authenticator.authenticate(headers.get("authorization"));
    if (principal === null) return refuse("UNAUTHENTICATED");
    return principal.scopes.includes(policy)
      ? ok(principal)
      : { ok: false, reason: "FORBIDDEN", principal };
  };
}

/** Only what a browser sends for such a page: `capacitor://localhost` is none, and neither is `http://x@localhost`. */
function isLoopbackPage(origin: string): boolean {
  const url = parseOrigin(origin);
  return url?.origin === origin && LOOPBACK_NAMES.has(url.hostname);
}

/** The name in a Host header, without port. Empty for what is no host at all, which is never allowed. */
function hostName(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase() ?? "";
}
