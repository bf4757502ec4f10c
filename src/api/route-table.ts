import type { Hono } from "hono";
import { AppError, stackOf } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import { uuidv7 } from "../util/ids.ts";
import type { Gate, Refusal, RoutePolicy } from "./middleware/gate.ts";
import { problem } from "./problem.ts";

/** One row of the route table. A path that is not in the table does not exist. */
export interface Route {
  /** `ALL` stands for every method. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "ALL";
  readonly path: string;
  readonly policy: RoutePolicy;
  readonly handle: (request: Request, caller: RouteCaller) => Response | Promise<Response>;
}

export interface RouteCaller {
  readonly principal: Principal;
  readonly requestId: string;
}

export interface RouteDeps {
  readonly gate: Gate;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Puts every route behind the gate. This is the only place where the app gets a handler. */
export function mountRoutes(app: Hono, routes: readonly Route[], deps: RouteDeps): void {
  const serve = async (request: Request, route: Pick<Route, "policy" | "handle">) => {
    const requestId = uuidv7(deps.now());
    try {
      const allowed = await deps.gate(request.headers, route.policy);
      if (!allowed.ok) {
        deps.logger.info("Request refused", { requestId, code: allowed.reason });
        return refusal(allowed.reason, requestId);
      }
      return await route.handle(request, { principal: allowed.value, requestId });
    } catch (error) {
      return failure(error, requestId, deps.logger);
    }
  };
  for (const route of routes) {
    const handler = (c: { req: { raw: Request } }) => serve(c.req.raw, route);
    if (route.method === "ALL") app.all(route.path, handler);
    else app.on(route.method, route.path, handler);
  }
  app.notFound((c) =>
    serve(c.req.raw, {
      policy: "public",
      handle: (_, { requestId }) => problem("NOT_FOUND", requestId),
    }),
  );
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

/** The public answer to a refusal of the gate. */
export function refusal(reason: Refusal, requestId: string): Response {
  switch (reason) {
    case "UNAUTHENTICATED":
      return problem(reason, requestId, {
        headers: { "www-authenticate": 'Bearer realm="mcp-plugin-server"' },
      });
    case "HOST_REFUSED":
    case "ORIGIN_REFUSED":
    case "FORBIDDEN":
      return problem(reason, requestId);
  }
}

function failure(error: unknown, requestId: string, logger: Logger): Response {
  const code = error instanceof AppError ? error.code : "INTERNAL";
  logger.error("Request failed", { requestId, code, error: stackOf(error) });
  return problem(code, requestId);
}
