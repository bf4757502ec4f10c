import { onTestFinished } from "vitest";
import { createProcessStats } from "../../adapters/node/process-stats.ts";
import { LogFeed } from "../../src/core/log-feed.ts";
import { createServerProof } from "../../src/index.ts";
import { openAdminApp } from "./admin-app.ts";
import { canary } from "./canary.ts";
import { NO_TRAIL } from "./no-trail.ts";
import { testPlugin } from "./plugins.ts";

const demo = () =>
  testPlugin({
    auth: {
      type: "oauth2",
      required: false,
      fields: { key: { type: "password", required: false, description: "A key." } },
      oauth: {
        provider: "custom",
        scopes: ["read"],
        urls: { authorization: "https://a.example/auth", token: "https://a.example/token" },
      },
    },
    tools: { echo: async () => "done" },
  });

/** A server with every route that there is, and with something at each of their addresses. */
export async function openWholeApp() {
  const runtimeStats = createProcessStats();
  onTestFinished(() => runtimeStats.close());
  const verify = async () => ({ chains: 0, openChains: 0, records: 0, faults: [], hasMore: false });
  const app = await openAdminApp({
    plugins: { demo },
    entries: { demo: { oauth: { clientId: "c" } } },
    deps: {
      auditTrail: { ...NO_TRAIL, verify },
      runtimeStats,
      logs: new LogFeed({ now: () => Date.now() }),
      serverProof: await createServerProof(new Uint8Array(32).fill(5)),
      issuers: [{ issuer: "https://issuer.example" }],
    },
  });
  const made = async (route: string, body: object) => (await app.admin(route, body)).json.id;
  const value = canary("of-the-whole-app-");
  await app.admin("POST /api/auth/credentials", { plugin: "demo", name: "key", value });
  const flow = (await app.admin("GET /api/auth/oauth/initiate/demo")).json.state as string;
  const ids: Record<string, string> = {
    "/api/clients/:id": await made("POST /api/clients", { name: "c" }),
    "/api/tokens/:id": await made("POST /api/tokens", { name: "t", scopes: ["viewer"] }),
    "/api/auth/credentials/:plugin/:name": "key",
    "/api/tools/:name": "demo_echo",
    "/connect/:handle": flow,
  };
  /** An address of a row at which there is something. */
  const toPath = (path: string) => {
    const [, last = "demo"] = Object.entries(ids).find(([each]) => path.startsWith(each)) ?? [];
    const filled = path.replace(":plugin/:name", `demo/${last}`).replace(":tool", "echo");
    return filled.replace(/:(?:pluginId|plugin)(?=\/|$)/, "demo").replace(/:\w+/, last);
  };
  return { app, toPath };
}
