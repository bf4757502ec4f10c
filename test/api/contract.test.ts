import { describe, expect, it } from "vitest";
import { createApiContract, type ApiDocument } from "../helpers/api-contract.ts";
import { canary } from "../helpers/canary.ts";
import { ADMIN_TOKEN, OWN_PAGE } from "../helpers/test-app.ts";
import { openWholeApp } from "../helpers/whole-app.ts";

const PASSPHRASE = canary("a-long-passphrase-of-the-contract-");

/** What makes a good request of an operation that takes a body. */
const BODIES: Readonly<Record<string, object>> = {
  "POST /api/auth/credentials": { plugin: "demo", name: "key", value: canary("contract-key-") },
  "POST /api/clients": { name: "laptop" },
  "POST /api/plugins": { id: "more", package: "./demo" },
  "POST /api/session": { token: ADMIN_TOKEN },
  "POST /api/tokens": { name: "ops", scopes: ["viewer"] },
  "POST /api/tools/{name}/call": { arguments: {} },
  "POST /api/vault/export": { passphrase: PASSPHRASE },
  "POST /api/vault/rotate": { plugin: "demo" },
  "PUT /api/auth/oauth/client-secret/{pluginId}": { value: canary("contract-client-secret-") },
  "PUT /api/clients/{id}": { name: "another" },
  "PUT /api/plugins/{id}/config": { toolPrefix: "other" },
  "PUT /api/settings": { logLevel: "debug" },
  "PUT /api/tokens/{id}": { name: "another" },
  "PUT /api/tools/{plugin}/{tool}": { enabled: false },
};

/** Of these there is no good request without an account at a provider: `test/api/oauth.test.ts` holds them against the document. */
const NEEDS_ACCOUNT: Readonly<Record<string, number>> = {
  "POST /api/auth/oauth/refresh/{pluginId}": 409,
  "POST /api/auth/oauth/revoke/{pluginId}": 404,
};

async function open() {
  const { app, toPath } = await openWholeApp();
  const document = (await (
    await app.request("/openapi.json", { key: null })
  ).json()) as ApiDocument;
  const check = createApiContract(document);
  const scopes = ["admin", "auditor"];
  const key = (await app.admin("POST /api/tokens", { name: "all", scopes })).json.secret;
  async function ask(name: string, body: object | undefined, query = "") {
    const [method = "", path = ""] = name.split(" ");
    const address = toPath(path.replaceAll(/\{(\w+)\}/g, ":$1")) + query;
    const response = await app.request(address, {
      method,
      key,
      headers: { ...OWN_PAGE, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const type = response.headers.get("content-type");
    // A stream of events has no end.
    const isEndless = type?.startsWith("text/event-stream") ?? false;
    if (isEndless) await response.body?.cancel();
    const text = isEndless ? "" : await response.text();
    const json: unknown = type?.includes("json") && !type.includes("nd") ? JSON.parse(text) : null;
    const { status } = response;
    return { status, text, fault: check(method, address, { status, type, json }) };
  }
  return { document, ask };
}

describe("the API document", () => {
  it("says of every operation what a good request gets", async () => {
    const { document } = await open();
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.length).toBeGreaterThan(50);
    const wrong: string[] = [];
    for (const name of operations) {
      if (name === "POST /api/vault/import") continue;
      // What one changes must not be missing for the next.
      const { ask } = await open();
      const { status, fault, text } = await ask(name, BODIES[name]);
      const isGood =
        status === (NEEDS_ACCOUNT[name] ?? status) && (status < 300 || name in NEEDS_ACCOUNT);
      if (!isGood || fault !== null) wrong.push(`${name}: ${status} ${fault ?? text}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it("says what a backup that is imported gets, and an export as CSV", async () => {
    const { ask } = await open();
    const { text: backup } = await ask("POST /api/vault/export", { passphrase: PASSPHRASE });
    const imported = await ask("POST /api/vault/import", { passphrase: PASSPHRASE, backup });
    expect(imported).toMatchObject({ status: 200, fault: null });
    const csv = await ask("GET /api/audit/export", undefined, "?format=csv");
    expect(csv).toMatchObject({ status: 200, fault: null });
  });
});
