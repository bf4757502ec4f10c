import * as z from "zod";
import { defineRoute } from "../define-route.ts";
import type { Route } from "../route-table.ts";

const health = z.object({ status: z.string() });

/** `/healthz`: the process answers. `/readyz`: it can serve, that is, its storage works and plugins have been started. */
export function healthRoutes(isReady: () => Promise<boolean>): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/healthz",
      policy: "public",
      summary: "Says that the process answers.",
      answers: { 200: health },
      handle: () => Response.json({ status: "ok" }),
    }),
    defineRoute({
      method: "GET",
      path: "/readyz",
      policy: "public",
      summary: "Says whether storage works and plugins have been started.",
      answers: { 200: health, 503: health },
      handle: async () =>
        (await isReady())
          ? Response.json({ status: "ready" })
          : Response.json({ status: "not ready" }, { status: 503 }),
    }),
  ];
}
