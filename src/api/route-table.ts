import type { Context, Hono } from "hono";
import { AppError, InvalidInput, messageOf, stackOf, type ErrorCode } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { RateUse } from "../core/limits/rate-budget.ts";
import type { Asker } from "../core/auth/question-slots.ts";
import type { Principal } from "../types/principal.ts";
import { uuidv7 } from "../util/ids.ts";
import type { AuditOutcome } from "../types/audit.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { SignInSession } from "../types/sign-in.ts";
import type { ChallengeDeps } from "./challenge.ts";
import type { Gate, RoutePolicy } from "./middleware/gate.ts";
import {
  allowEverybody,
  allowOrigin,
  isPreflight,
  preflight,
  publishedPreflight,
} from "./middleware/cors.ts";
import type { AccessLog } from "./middleware/access-log.ts";
import {
  rateHeaders,
  type RequestLimits,
  type RequestOrigin,
} from "./middleware/request-limits.ts";
import type { RefusedRequest, RequestAudit } from "./middleware/request-audit.ts";
import { addSecurityHeaders } from "./middleware/security-headers.ts";
import type { RouteContract } from "./define-route.ts";
import { endWith } from "./end-with.ts";
import { noteRefusal, overloaded, tooOften } from "./over-limit.ts";
import { problemPage } from "./pages/problem-page.ts";
import { problem } from "./problem.ts";
import { refusal } from "./refusal.ts";
import { scrubAnswer } from "./scrub-answer.ts";

/** One row of the route table. A path that is not in the table does not exist. */
export interface Route {
  /** `ALL` stands for every method. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "ALL";
  /** May have parameters (`/things/:id`), each for one segment. */
  readonly path: string;
  readonly policy: RoutePolicy;
  /** Whether it answers people in a browser, who get a page where others get a problem. */
  readonly isPage?: true;
  /** Whether pages of every origin may read it: it is public, says the same to everybody, and has no other use. */
  readonly isPublished?: true;
  /** Whether reading it has an effect, so that a look at its head alone must not. */
  readonly refusesHead?: true;
  /** What it takes and gives, for `openapi.json`; left out where a protocol of its own says so. */
  readonly contract?: RouteContract;
  readonly handle: (request: Request, caller: RouteCaller) => Response | Promise<Response>;
}

export interface RouteCaller {
  readonly principal: Principal;
  /** Aborted when the caller may no longer what they may now; an event stream ends then by itself. */
  readonly life: AbortSignal | null;
  /** The session of a browser. */
  readonly session?: SignInSession;
  readonly requestId: string;
  /** From where it comes, for a token that is not in a header. */
  readonly asker: Asker;
  /** What stands in the path in the place of its parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Takes note of what a change was about, for the audit record: ids of ours, and nothing that was sent. */
  readonly about: (subject: Readonly<Record<string, string>>) => void;
  /**
   * Takes note of a secret that came otherwise than in a header, and did not suffice. Answers with the refusal of one who has
   * guessed too often, which takes the place of any other.
   */
  readonly refused: (refused: Pick<RefusedRequest, "reason" | "principal">) => Response | null;
  /** To be told of work that goes on after the answer has begun. The promise must not reject. */
  readonly endsWith: (outcome: Promise<AuditOutcome>) => void;
}

export interface RouteDeps {
  readonly gate: Gate;
  readonly limits: RequestLimits;
  /** By which clients learn where to get a token. */
  readonly challenges: ChallengeDeps;
  /** Whether browsers find this server by https. */
  readonly isHttps: () => boolean;
  readonly audit: RequestAudit;
  /** Knows every secret in use: no answer has one. Those of MCP are cleaned call by call, of what was handed out for them. */
  readonly scrubber: Scrubber;
  readonly accessLog: AccessLog;
  readonly logger: Logger;
  readonly now: () => number;
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number;
}

/** What becomes known of a request on its way. */
interface RequestNote {
  readonly requestId: string;
  principal: Principal | null;
}

type Served = Omit<Route, "method" | "contract">;

/** What changes nothing, so that it leaves no record of its own. */
const READS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** By path. Whoever watches over the process must see it also when it is busy. */
export const ALWAYS_ANSWERED: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** Puts every route behind the gate. This is the only place where the app gets a handler. */
export function mountRoutes(app: Hono, routes: readonly Route[], deps: RouteDeps): void {
  async function run(request: Request, route: Served, caller: RouteCaller): Promise<Response> {
    try {
      if (request.method === "HEAD" && route.refusesHead) {
        return new Response(null, { status: 405, headers: { allow: "GET" } });
      }
      return await route.handle(request, caller);
    } catch (error) {
      return failure(error, caller.requestId, deps.logger);
    }
  }

  async function serve(
    request: Request,
    route: Served,
    params: RouteCaller["params"],
    from: RequestOrigin | undefined,
  ): Promise<Response> {
    const began = deps.elapsed();
    const note: RequestNote = { requestId: uuidv7(deps.now()), principal: null };
    const response = await serveCleanly(request, route, params, note, from);
    deps.accessLog({
      ...note,
      method: request.method,
      route: route.path,
      status: response.status,
      milliseconds: deps.elapsed() - began,
      address: deps.limits.addressOf(request.headers, from),
    });
    return response;
  }

  async function serveCleanly(
    request: Request,
    route: Served,
    params: RouteCaller["params"],
    note: RequestNote,
    from: RequestOrigin | undefined,
  ): Promise<Response> {
    const { requestId } = note;
    const answered = shed(route, requestId) ?? (await answer(request, route, params, note, from));
    if (route.policy === "mcp") {
      // No browser comes here by itself and is let in: what clients get needs none of that, and is many.
      return answered.ok ? answered : guarded(answered, route);
    }
    const response = route.isPage ? await problemPage(answered) : answered;
    const clean = await scrubAnswer(response, deps.scrubber, requestId);
    if (route.isPublished) allowEverybody(clean);
    return guarded(clean, route);
  }

  function guarded(response: Response, { policy }: Served): Response {
    if (policy !== "public") response.headers.set("cache-control", "no-store");
    addSecurityHeaders(response, deps.isHttps());
    return response;
  }

  function shed({ path }: Served, requestId: string): Response | null {
    return ALWAYS_ANSWERED.has(path) ? null : overloaded(deps.limits, requestId);
  }

  async function answer(
    request: Request,
    route: Served,
    params: RouteCaller["params"],
    note: RequestNote,
    from: RequestOrigin | undefined,
  ): Promise<Response> {
    const { limits } = deps;
    const { requestId } = note;
    const address = () => limits.addressOf(request.headers, from);
    const { isPublished = false } = route;
    const origin = isPublished ? null : request.headers.get("origin");
    /** Every answer to whoever was let in carries it: the secret before it ends soon. */
    let newCookie: string | null = null;
    const withCookie = (response: Response) => {
      if (newCookie !== null) response.headers.append("set-cookie", newCookie);
      return response;
    };
    /** For a page whose origin is allowed: of a refusal, too, which says when to try again. */
    const readable = (response: Response) => {
      if (origin !== null) allowOrigin(response, origin);
      return response;
    };
    try {
      const asked = isPublished ? publishedPreflight(request) : preflight(request);
      const checked = isPublished ? withoutOrigin(request) : request;
      const asker: Asker = {
        get address() {
          return address();
        },
        mayGuess: () => limits.mayFail(address()),
      };
      const allowed = await deps.gate(checked, asked === null ? route.policy : "public", asker);
      const name = `${request.method} ${route.path}`;
      if (!allowed.ok) {
        const { reason, principal = null } = allowed;
        note.principal = principal;
        deps.logger.info("Request refused", { requestId, code: reason });
        const refused = { reason, principal, route: name, requestId };
        const tooMany = noteRefusal(refused, address(), deps);
        const { policy } = route;
        const answered = refusal(reason, requestId, {
          policy,
          challenges: deps.challenges,
          principal,
        });
        const response = tooMany ?? answered;
        const isOurs = reason !== "HOST_REFUSED" && reason !== "ORIGIN_REFUSED";
        return isOurs ? readable(response) : response;
      }
      if (asked !== null) return asked;
      const { principal, life, watch, session, cookie = null } = allowed.value;
      newCookie = cookie;
      const isAnonymous = route.policy === "public";
      if (!isAnonymous) note.principal = principal;
      const use = isAnonymous
        ? ALWAYS_ANSWERED.has(route.path)
          ? null
          : limits.anonymous(address())
        : limits.request(principal);
      const refused = tooOften(use, isAnonymous ? "anonymous" : "requests", requestId);
      if (refused !== null) return withCookie(readable(refused));
      let ended: Promise<AuditOutcome> | null = null;
      let about: Readonly<Record<string, string>> = {};
      const caller: RouteCaller = {
        principal,
        life,
        ...(session && { session }),
        requestId,
        params,
        asker,
        refused: (what) => noteRefusal({ ...what, route: name, requestId }, address(), deps),
        about: (subject) => void (about = { ...about, ...subject }),
        endsWith: (outcome) => void (ended = outcome),
      };
      if (route.policy === "public" || route.policy === "mcp") {
        const answered = await run(request, route, caller);
        if (!isAnonymous) addRate(answered, use);
        return endWith(readable(answered), life, watch);
      }
      const respond = () => run(request, route, caller);
      const response = READS.has(request.method)
        ? await respond()
        : await deps.audit.around(
            { principal, route: name, requestId, about: () => about, ended: () => ended },
            respond,
          );
      withCookie(response);
      addRate(response, use);
      return endWith(readable(response), life, watch);
    } catch (error) {
      return withCookie(readable(failure(error, requestId, deps.logger)));
    }
  }

  for (const route of routes) {
    const handler = (c: Context) => serve(c.req.raw, route, c.req.param(), originOf(c));
    if (route.method === "ALL") app.all(route.path, handler);
    else app.on(route.method, route.path, handler);
  }
  const published = new Map(
    routes.filter(({ isPublished }) => isPublished).map((route) => [route.path, route]),
  );
  app.notFound((c) => {
    // A browser's question about such a route has no row of its own.
    const asked = isPreflight(c.req.raw) ? published.get(c.req.path) : undefined;
    return serve(c.req.raw, asked ?? NOWHERE, {}, originOf(c));
  });
}

const NOWHERE: Served = {
  path: "*",
  policy: "public",
  handle: (_, { requestId }) => problem("NOT_FOUND", requestId),
};

/** Says how many requests the caller has left, where they are counted. */
function addRate({ headers }: Response, use: RateUse | null): void {
  if (use === null) return;
  for (const [header, value] of Object.entries(rateHeaders(use, "requests"))) {
    headers.set(header, value);
  }
}

/** For whom it counts nothing where a request comes from. The Host still does. */
function withoutOrigin({ method, headers }: Request): Parameters<Gate>[0] {
  const others = new Headers(headers);
  others.delete("origin");
  return { method, headers: others };
}

/** As the adapter has said it, beside the request. */
function originOf(c: Context): RequestOrigin | undefined {
  return c.env as RequestOrigin | undefined;
}

/** @throws AppError `ROUTE_POLICY` when the app has a handler that is not from the table */
export function assertPolicies(app: Hono, routes: readonly Route[]): void {
  const known = routes.map(({ method, path }) => `${method} ${path}`);
  const strays = app.routes
    .map(({ method, path }) => `${method} ${path}`)
    // Each row stands for one handler: a second one on the same path has no policy.
    .filter((route) => !takeOut(known, route));
  if (strays.length > 0) {
    throw new AppError("ROUTE_POLICY", `Routes without a policy: ${strays.join(", ")}`);
  }
}

function takeOut(list: string[], item: string): boolean {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

/** Codes whose messages are for whoever asked: they name places and rules, and never quote what was sent. */
const EXPLAINED: ReadonlySet<ErrorCode> = new Set([
  "BODY_INVALID",
  "QUERY_INVALID",
  "CREDENTIAL_INVALID",
  "CONFLICT",
]);

function failure(error: unknown, requestId: string, logger: Logger): Response {
  const code = error instanceof AppError ? error.code : "INTERNAL";
  const detail = error instanceof AppError && EXPLAINED.has(error.code) ? error.message : null;
  const members = error instanceof InvalidInput ? { errors: error.places } : {};
  const response = problem(code, requestId, { ...(detail !== null && { detail }), members });
  if (response.status < 500) {
    logger.info("Request refused", { requestId, code, error: messageOf(error) });
  } else {
    logger.error("Request failed", { requestId, code, error: stackOf(error) });
  }
  return response;
}
