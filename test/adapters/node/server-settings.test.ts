import { expect, it, onTestFinished } from "vitest";
import { startServer } from "../../../adapters/node/server.ts";
import { readSettings } from "../../../adapters/node/settings.ts";
import { canary } from "../../helpers/canary.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { temporaryFolder, withFixture } from "../../helpers/server-process.ts";

const TOKEN = canary("mcpa_settings_of_node_");

/** Starts of a server on one data folder, one after the other. */
function folder() {
  const { path, remove } = temporaryFolder();
  onTestFinished(remove);
  const own = { PORT: "0", MCP_DATA_DIR: `${path}/data`, MCP_ADMIN_TOKEN: TOKEN };
  const start = async (env: Record<string, string> = {}) => {
    const levels: string[] = [];
    const server = await startServer(
      readSettings({ ...own, ...withFixture(path), ...env }),
      createRecordingLogger(),
      "serve",
      { setLogLevel: (level) => void levels.push(level) },
    );
    onTestFinished(() => server.close());
    const ask = async (method: string, body?: unknown) => {
      const answer = await fetch(`${server.url}/api/settings`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    };
    return { levels, ask, close: () => server.close() };
  };
  return start;
}

it("what is set of a server on Node takes effect at once, and again at the next start", async () => {
  const start = folder();
  const first = await start();
  const wanted = { logLevel: "error", auditDays: 40, allowedOrigins: ["https://a.example"] };
  expect((await first.ask("PUT", wanted)).status).toBe(200);
  expect(first.levels).toEqual(["error"]);
  await first.close();
  const second = await start();
  expect(second.levels).toEqual(["error"]);
  expect((await second.ask("GET")).json).toMatchObject({
    logLevel: { value: "error", source: "stored" },
    auditDays: { value: 40, source: "stored" },
    rateLimits: { source: "default" },
    allowedOrigins: { value: ["https://a.example"], source: "stored" },
  });
});

it("the environment of a server on Node decides over what is stored", async () => {
  const start = folder();
  const first = await start();
  await first.ask("PUT", { logLevel: "error", auditDays: 40 });
  await first.close();
  const env = { LOG_LEVEL: "debug", MCP_AUDIT_DAYS: "90", MCP_RATE_LIMITS: "calls=5" };
  const second = await start(env);
  expect(second.levels).toEqual([]);
  expect((await second.ask("GET")).json).toMatchObject({
    logLevel: { value: "debug", source: "environment" },
    auditDays: { value: 90, source: "environment" },
    rateLimits: { value: { calls: 5 }, source: "environment" },
  });
  for (const body of [{ logLevel: "info" }, { auditDays: null }, { rateLimits: null }]) {
    const { status, json } = await second.ask("PUT", body);
    expect([status, json["code"]]).toEqual([409, "SETTING_FIXED"]);
  }
});
