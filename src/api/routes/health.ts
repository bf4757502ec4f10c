import type { Route } from "../route-table.ts";

/** `/healthz`: the process answers. `/readyz`: it can serve, that is, its storage works and plugins have been started. */
export function healthRoutes(isReady: () => Promise<boolean>): Route[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      policy: "public",
      handle: () => Response.json({ status: "ok" }),
    },
    {
      method: "GET",
      path: "/readyz",
      policy: "public",
      handle: async () =>
        (await isReady())
          ? Response.json({ status: "ready" })
          : Response.json({ status: "not ready" }, { status: 503 }),
    },
  ];
}
