import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createRequestAudit } from "../../src/api/middleware/request-audit.ts";
import type { Gate } from "../../src/api/middleware/gate.ts";
import { assertPolicies, mountRoutes, type Route } from "../../src/api/route-table.ts";
import { NO_CHALLENGES, NO_LIMITS } from "../helpers/no-limits.ts";
import { createScrubber } from "../../src/core/scrubber.ts";
import { AppError } from "../../src/errors.ts";
import { ok, refuse } from "../../src/util/result.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";

const PRINCIPAL = { kind: "client", id: "someone", scopes: [] } as const;
const openGate: Gate = async () => ok({ principal: PRINCIPAL, life: null });

const THINGS: Route = {
  method: "GET",
  path: "/things",
  policy: "plugins:read",
  handle: (_, { principal }) => Response.json(principal.id),
};

function mounted(routes: readonly Route[], gate: Gate = openGate) {
  const app = new Hono();
  const logger = createRecordingLogger();
  const log = createRecordingAudit();
  const refusals = { record: () => {} };
  const audit = createRequestAudit({ audit: log, refusals, logger });
  mountRoutes(app, routes, {
    gate,
    limits: NO_LIMITS,
    challenges: NO_CHALLENGES,
    isHttps: () => false,
    audit,
    scrubber: createScrubber(),
    logger,
    accessLog: () => {},
    elapsed: () => 0,
    now: () => 0,
  });
  return { app, logs: logger.records, audit: log.entries };
}

describe("assertPolicies", () => {
  it("accepts an app that has the routes of the table and no others", () => {
    const routes: Route[] = [THINGS, { ...THINGS, method: "ALL", path: "/all" }];
    expect(() => assertPolicies(mounted(routes).app, routes)).not.toThrow();
  });

  it.each<[what: string, stray: (app: Hono) => void, named: string]>([
    ["a route", (app) => app.get("/stray", (c) => c.text("")), "GET /stray"],
    ["another method of a path", (app) => app.post("/things", (c) => c.text("")), "POST /things"],
    ["every method of a path", (app) => app.all("/things", (c) => c.text("")), "ALL /things"],
    ["a second handler of a route", (app) => app.get("/things", (c) => c.text("")), "GET /things"],
    ["middleware", (app) => app.use(async (_, next) => next()), "ALL /*"],
    ["another app", (app) => app.route("/sub", subApp()), "GET /sub/stray"],
  ])("refuses to boot an app with %s that has no policy", (_, addStray, named) => {
    const { app } = mounted([THINGS]);
    addStray(app);
    const act = () => assertPolicies(app, [THINGS]);
    expect(act).toThrow(new AppError("ROUTE_POLICY", `Routes without a policy: ${named}`));
    expect(act).toThrow(expect.objectContaining({ code: "ROUTE_POLICY" }));
  });
});

describe("a mounted route", () => {
  it("asks the gate under its own policy and is told who calls", async () => {
    const asked: unknown[] = [];
    const gate: Gate = async ({ headers }, policy) => {
      asked.push([headers.get("host"), policy]);
      return ok({ principal: PRINCIPAL, life: null });
    };
    const { app } = mounted([THINGS], gate);
    const response = await app.request("/things", { headers: { host: "a.example" } });
    expect(await response.json()).toBe("someone");
    expect(asked).toEqual([["a.example", "plugins:read"]]);
  });

  it("does not run when the gate refuses", async () => {
    let runs = 0;
    const counting: Route = { ...THINGS, handle: () => Response.json(++runs) };
    const { app } = mounted([counting], async () => refuse("FORBIDDEN"));
    expect((await app.request("/things")).status).toBe(403);
    expect(runs).toBe(0);
  });

  it.each([
    ["an error", () => new Error("secret-cause at /etc/secret"), 500, "INTERNAL"],
    ["no error at all", () => "secret-cause", 500, "INTERNAL"],
    [
      "an error of ours",
      () => new AppError("PLUGIN_TIMEOUT", "secret-cause"),
      504,
      "PLUGIN_TIMEOUT",
    ],
  ])(
    "that throws %s answers its code alone and logs the cause once",
    async (_, fault, status, code) => {
      const failing: Route = {
        ...THINGS,
        handle: () => {
          throw fault();
        },
      };
      const { app, logs } = mounted([failing]);
      const response = await app.request("/things");
      const body = (await response.json()) as { requestId: string };
      expect(response.status).toBe(status);
      expect(body).toMatchObject({ status, code });
      expect(JSON.stringify(body)).not.toContain("secret");
      expect(logs).toEqual([
        {
          level: "error",
          message: "Request failed",
          fields: {
            requestId: body.requestId,
            code,
            error: expect.stringContaining("secret-cause"),
          },
        },
      ]);
    },
  );

  it("that refuses with an error of ours says why in the log, without a stack", async () => {
    const refusing: Route = {
      ...THINGS,
      handle: () => Promise.reject(new AppError("BODY_INVALID", "it is not JSON")),
    };
    const { app, logs } = mounted([refusing]);
    expect((await app.request("/things")).status).toBe(422);
    expect(logs).toEqual([
      {
        level: "info",
        message: "Request refused",
        fields: { requestId: expect.any(String), code: "BODY_INVALID", error: "it is not JSON" },
      },
    ]);
  });

  it("is told what stands in the place of its parameters", async () => {
    const { app } = mounted([
      {
        ...THINGS,
        method: "DELETE",
        path: "/things/:id/:part",
        handle: (_, { params }) => Response.json(params),
      },
    ]);
    const ask = (path: string) => app.request(path, { method: "DELETE" });
    expect(await (await ask("/things/a%2Fb/c%20d")).json()).toEqual({ id: "a/b", part: "c d" });
    expect((await ask("/things/a")).status).toBe(404);
    expect((await ask("/things/a/b/c")).status).toBe(404);
    expect((await ask("/things//b")).status).toBe(404);
  });

  it("is not stored by caches when it is an administrator's", async () => {
    const { app } = mounted([THINGS, { ...THINGS, path: "/open", policy: "public" }]);
    expect((await app.request("/things")).headers.get("cache-control")).toBe("no-store");
    expect((await app.request("/open")).headers.get("cache-control")).toBeNull();
  });

  it.each(["UNAUTHENTICATED", "FORBIDDEN", "HOST_REFUSED", "ORIGIN_REFUSED"] as const)(
    "is not stored by caches when it is refused with %s",
    async (reason) => {
      const { app } = mounted([THINGS], async () => refuse(reason));
      expect((await app.request("/things")).headers.get("cache-control")).toBe("no-store");
    },
  );

  it("is not stored by caches when the gate fails, or the route", async () => {
    const broken = mounted([THINGS], () => Promise.reject(new Error("broken")));
    const failed = mounted([{ ...THINGS, handle: () => Promise.reject(new Error("late")) }]);
    for (const { app } of [broken, failed]) {
      const response = await app.request("/things");
      expect(response.status).toBe(500);
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });

  it("that rejects answers like one that throws", async () => {
    const { app } = mounted([{ ...THINGS, handle: () => Promise.reject(new Error("late")) }]);
    expect((await app.request("/things")).status).toBe(500);
  });
});

it("answers a path outside of the table with NOT_FOUND, after the gate", async () => {
  const { app } = mounted([THINGS]);
  const missing = await app.request("/stuff");
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ code: "NOT_FOUND" });

  const refusing = mounted([THINGS], async () => refuse("HOST_REFUSED"));
  expect((await refusing.app.request("/stuff")).status).toBe(403);
});

function subApp(): Hono {
  const app = new Hono();
  app.get("/stray", (c) => c.text(""));
  return app;
}
