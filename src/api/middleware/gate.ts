import type { AccessTokens } from "../../core/auth/access-tokens.ts";
import { bearerToken } from "../../core/auth/authenticator.ts";
import type { Asker } from "../../core/auth/question-slots.ts";
import { createPrincipal, LOCAL_CLIENT } from "../../core/auth/principals.ts";
import type { KeyDirectory } from "../../core/auth/key-directory.ts";
import type { Scope } from "../../core/auth/roles.ts";
import { SIGN_IN_SECONDS, type SignIns } from "../../core/auth/sign-in.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Principal } from "../../types/principal.ts";
import type { ServerConfig } from "../../types/server-config.ts";
import type { SignInSession } from "../../types/sign-in.ts";
import { equalInConstantTime, utf8 } from "../../util/bytes.ts";
import { LOOPBACK_NAMES, parseOrigin } from "../../util/origin.ts";
import { ok, refuse } from "../../util/result.ts";
import type { Cookies } from "../cookies.ts";
import { isSameOrigin } from "./same-origin.ts";

/** Who may use a route: anybody, MCP clients, whoever has a token of the admin API, or whoever has that right of it. */
export type RoutePolicy = "public" | "mcp" | "self" | Scope;

export type Refusal = Extract<
  ErrorCode,
  | "HOST_REFUSED"
  | "ORIGIN_REFUSED"
  | "UNAUTHENTICATED"
  | "TOKEN_INVALID"
  | "ISSUER_UNAVAILABLE"
  | "FORBIDDEN"
  | "CSRF_REFUSED"
>;

/** Somebody who may go on. */
export interface Admission {
  readonly principal: Principal;
  /** Aborted when they may no longer, so that what is still open ends; `null` where that does not come. */
  readonly life: AbortSignal | null;
  /** To be called when something stays open, where `life` does not end by itself in time; answers how to stop. */
  readonly watch?: () => () => void;
  /** The session that a browser came with. */
  readonly session?: SignInSession;
  /** A `Set-Cookie` that the answer must carry. */
  readonly cookie?: string;
}

/** A refusal names the principal whose key was good, but not for that. */
export type GateDecision =
  | { readonly ok: true; readonly value: Admission }
  | { readonly ok: false; readonly reason: Refusal; readonly principal?: Principal };

/** Decides whether a request may go on, and as whom. Every route is behind it. */
export type Gate = (
  request: Pick<Request, "method" | "headers">,
  policy: RoutePolicy,
  asker: Asker,
) => Promise<GateDecision>;

export interface GateDeps {
  readonly config: ServerConfig;
  /** Origins that pages may have besides those of the config, as they are now; none when left out. */
  readonly moreOrigins?: () => readonly string[];
  readonly keys: Pick<KeyDirectory, "authenticate" | "lifeOf">;
  /** Takes access tokens of others at `/mcp`; `null` where none are taken. */
  readonly accessTokens: AccessTokens | null;
  readonly signIns: Pick<SignIns, "find" | "renew" | "watch">;
  readonly cookies: Cookies;
  readonly publicUrl: () => string;
}

const ANYBODY: Admission = { principal: createPrincipal("anonymous", []), life: null };
const ANY_LOCAL: Admission = { principal: LOCAL_CLIENT, life: null };
/** What changes nothing. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Host and Origin are checked each for itself, because under DNS rebinding they agree with each other
 * (CVE-2025-66414 and its like). A browser's session counts for pages of this server's own alone, and for a change only with
 * the token that such a page has read.
 */
export function createGate(deps: GateDeps): Gate {
  const { config, keys, accessTokens, signIns, cookies, publicUrl } = deps;
  const { moreOrigins = () => [] } = deps;
  const hosts = new Set(config.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(config.allowedOrigins.map((origin) => origin.toLowerCase()));
  const loopback = [...hosts].every((host) => LOOPBACK_NAMES.has(host));

  function originAllowed(origin: string | null): boolean {
    if (origin === null || origins.has(origin.toLowerCase())) return true;
    if (moreOrigins().includes(origin.toLowerCase())) return true;
    // A page of this machine may use a server that this machine alone knows, whatever its port.
    return loopback && isLoopbackPage(origin.toLowerCase());
  }

  async function bySession(secret: string, request: Parameters<Gate>[0]): Promise<GateDecision> {
    const { method, headers } = request;
    if (headers.get("sec-fetch-site") !== "same-origin") return refuse("CSRF_REFUSED");
    const found = await signIns.find(secret);
    if (found === null) return refuse("UNAUTHENTICATED");
    const { person: principal, session } = found;
    if (!SAFE.has(method)) {
      const token = headers.get("x-csrf-token") ?? "";
      const isOurs =
        isSameOrigin(headers, publicUrl()) &&
        equalInConstantTime(utf8(token), utf8(session.csrfToken));
      if (!isOurs) return { ok: false, reason: "CSRF_REFUSED", principal };
    }
    const ended = new AbortController();
    const keyLife = keys.lifeOf(principal);
    return ok({
      principal,
      session,
      life: keyLife === null ? ended.signal : AbortSignal.any([keyLife, ended.signal]),
      watch: () => signIns.watch(session, () => ended.abort()),
    });
  }

  /** The next secret is for those alone who may go on: an answer that refuses them would not carry it. */
  async function renewed(admission: Admission): Promise<Admission> {
    const { principal: person, session } = admission;
    const secret = session === undefined ? null : await signIns.renew({ person, session });
    if (secret === null) return admission;
    return { ...admission, cookie: cookies.write("session", secret, SIGN_IN_SECONDS) };
  }

  async function identify(
    request: Parameters<Gate>[0],
    policy: RoutePolicy,
    asker: Asker,
  ): Promise<GateDecision> {
    const authorization = request.headers.get("authorization");
    // A header says on purpose who calls; a cookie comes along by itself.
    if (authorization === null && policy !== "mcp") {
      const secret = cookies.read(request, "session");
      if (secret !== null) return bySession(secret, request);
    }
    const principal = await keys.authenticate(authorization);
    if (principal !== null) return ok({ principal, life: keys.lifeOf(principal) });
    const token = authorization === null ? null : bearerToken(authorization);
    return accessTokens === null || policy !== "mcp" || token === null
      ? refuse("UNAUTHENTICATED")
      : byToken(accessTokens, token, asker);
  }

  return async function gate(request, policy, asker) {
    const { headers } = request;
    if (!hosts.has(hostName(headers.get("host") ?? ""))) return refuse("HOST_REFUSED");
    if (!originAllowed(headers.get("origin"))) return refuse("ORIGIN_REFUSED");
    if (policy === "public") return ok(ANYBODY);
    if (policy === "mcp" && config.auth === "none") return ok(ANY_LOCAL);
    const known = await identify(request, policy, asker);
    if (!known.ok) return known;
    const { principal } = known.value;
    const may = policy === "self" ? principal.kind === "user" : principal.scopes.includes(policy);
    if (!may) return { ok: false, reason: "FORBIDDEN", principal };
    const admitted = await renewed(known.value);
    // Their key may have ended in the meantime.
    return admitted.life?.aborted ? refuse("UNAUTHENTICATED") : ok(admitted);
  };
}

async function byToken(
  accessTokens: AccessTokens,
  token: string,
  asker: Asker,
): Promise<GateDecision> {
  const verified = await accessTokens.verify(token, asker);
  if (verified.ok) {
    const { principal, life } = verified.value;
    return ok({ principal, life, watch: () => accessTokens.watch(token, verified.value) });
  }
  return refuse(verified.reason === "invalid" ? "TOKEN_INVALID" : "ISSUER_UNAVAILABLE");
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
