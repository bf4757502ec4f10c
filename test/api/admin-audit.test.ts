import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { createPlainVault } from "../helpers/plain-vault.ts";
import type { AuditEntry, AuditLog } from "../../src/types/audit.ts";
import type { Vault } from "../../src/types/vault.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { modernRequest } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { askForSocket, openApp } from "../helpers/socket-request.ts";
import { ADMIN_TOKEN, CLIENT_KEY, type TestRequest } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";

const CANARY = "canary-8c1f";

function json(method: string, body: unknown, key: string | null = ADMIN_TOKEN): TestRequest {
  const headers = { "content-type": "application/json" };
  return { method, headers, body: JSON.stringify(body), key };
}

const SET = json("POST", { plugin: "notes", name: "key", value: `${CANARY}-value` });
const plugins = { notes: testPlugin({ name: "notes" }) };

/** Without the request ids, which differ. */
function entriesOf(entries: readonly AuditEntry[]) {
  return entries.map(({ requestId: _requestId, ...entry }) => entry);
}

const ADMIN = {
  actor: "user:admin-1",
  action: "admin.request",
  instanceId: null,
} as const;

describe.each(WAYS)("the record of an administrator's request, $way", ({ open }) => {
  it("has it before it runs and after it, with one request id, and nothing of what was sent", async () => {
    const audit = createRecordingAudit();
    const app = await open({ plugins, deps: { audit } });
    expect((await app.request("/api/auth/credentials", SET)).status).toBe(204);
    const subject = "POST /api/auth/credentials";
    expect(entriesOf(audit.entries)).toEqual([
      { ...ADMIN, subject, outcome: "started", detail: {} },
      { ...ADMIN, subject, outcome: "ok", detail: { status: 204 } },
    ]);
    expect(new Set(audit.entries.map(({ requestId }) => requestId)).size).toBe(1);
    expect(audit.entries[0]!.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(audit.entries)).not.toContain(CANARY);
  });

  it.each([
    ["refused", "/api/auth/credentials", json("POST", { [CANARY]: 1 }), 422],
    [
      "refused",
      `/api/auth/credentials/notes/${CANARY}`,
      { method: "DELETE", key: ADMIN_TOKEN },
      404,
    ],
    ["failed", "/api/vault/verify", { method: "POST", key: ADMIN_TOKEN }, 503],
  ] as const)("says %s of one that ends so (%s)", async (outcome, path, init, status) => {
    const audit = createRecordingAudit();
    const vault: Vault = {
      ...createPlainVault(),
      verify: () => Promise.reject(new AppError("VAULT_UNAVAILABLE", "the disk is full")),
    };
    const app = await open({ plugins, deps: { audit, vault } });
    expect((await app.request(path, init)).status).toBe(status);
    const { outcome: ended, detail } = audit.entries[1]!;
    expect([audit.entries.length, ended, detail]).toEqual([2, outcome, { status }]);
    expect(JSON.stringify(audit.entries)).not.toContain(CANARY);
  });

  it("has no reads", async () => {
    const audit = createRecordingAudit();
    const app = await open({ plugins, deps: { audit } });
    for (const path of ["/api/plugins", "/api/auth/credentials"]) {
      for (const method of ["GET", "HEAD"]) {
        expect((await app.request(path, { method, key: ADMIN_TOKEN })).status).toBe(200);
      }
    }
    expect((await app.request("/mcp", modernRequest("tools/list"))).status).toBe(200);
    expect(audit.entries).toEqual([]);
  });

  it("is what the request waits for: without it nothing happens", async () => {
    const audit: AuditLog = {
      record: async () => {
        throw new AppError("AUDIT_UNAVAILABLE", "no sink takes it");
      },
    };
    const app = await open({ plugins, deps: { audit } });
    const response = await app.request("/api/auth/credentials", SET);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "AUDIT_UNAVAILABLE" });
    const stored = await app.request("/api/auth/credentials", { key: ADMIN_TOKEN });
    expect(await stored.json()).toEqual({ data: [], nextCursor: null });
  });

  it("does not take back an answer when its end cannot be recorded, and the log says so", async () => {
    const begun: AuditEntry[] = [];
    const audit: AuditLog = {
      async record(entry) {
        if (begun.push(entry) > 1) throw new AppError("AUDIT_UNAVAILABLE", "no sink takes it");
      },
    };
    const app = await open({ plugins, deps: { audit } });
    expect((await app.request("/api/auth/credentials", SET)).status).toBe(204);
    expect(app.logs.filter(({ level }) => level === "error")).toEqual([
      {
        level: "error",
        message: "A request is not in the audit record",
        fields: {
          subject: "POST /api/auth/credentials",
          requestId: begun[0]!.requestId,
          outcome: "ok",
          error: "no sink takes it",
        },
      },
    ]);
  });
});

describe.each(WAYS)("the record of a refused credential, $way", ({ open }) => {
  it.each([
    ["GET", "/api/plugins", null, 401, "client:anonymous", "UNAUTHENTICATED", "GET /api/plugins"],
    ["POST", "/mcp", `Bearer ${CANARY}`, 401, "client:anonymous", "UNAUTHENTICATED", "POST /mcp"],
    [
      "GET",
      "/api/plugins",
      `Bearer ${CLIENT_KEY}`,
      403,
      "client:client-1",
      "FORBIDDEN",
      "GET /api/plugins",
    ],
    ["POST", "/mcp", `Bearer ${ADMIN_TOKEN}`, 403, "user:admin-1", "FORBIDDEN", "POST /mcp"],
    [
      "DELETE",
      `/api/auth/credentials/${CANARY}/${CANARY}?owner=${CANARY}`,
      "Basic x",
      401,
      "client:anonymous",
      "UNAUTHENTICATED",
      "DELETE /api/auth/credentials/:plugin/:name",
    ],
  ])(
    "of %s %s with %j says who, where and why, and nothing of what was sent",
    async (method, path, authorization, status, actor, reason, subject) => {
      const audit = createRecordingAudit();
      const app = await open({ deps: { audit } });
      const headers = authorization === null ? {} : { authorization };
      const response = await app.request(path, { method, headers, key: null });
      expect(response.status).toBe(status);
      const { requestId } = (await response.json()) as { requestId: string };
      expect(audit.entries).toEqual([
        {
          actor,
          action: "auth.refused",
          instanceId: null,
          subject,
          outcome: "refused",
          requestId,
          detail: { reason },
        },
      ]);
    },
  );

  it.each([
    ["a foreign host", { host: "evil.example" }],
    ["a foreign page", { origin: "https://evil.example" }],
  ])("is not written for %s, which no credential was looked at for", async (_, headers) => {
    const audit = createRecordingAudit();
    const app = await open({ deps: { audit } });
    expect((await app.request("/api/plugins", { headers, key: ADMIN_TOKEN })).status).toBe(403);
    expect(audit.entries).toEqual([]);
  });

  it("counts those that come too fast, and says how many they were", async () => {
    const audit = createRecordingAudit();
    const app = await open({ deps: { audit } });
    for (let count = 0; count < 300; count++) await app.request("/api/plugins", { key: null });
    const recorded = audit.entries.length;
    expect(recorded).toBeLessThan(300);
    await app.close();
    expect(audit.entries.at(-1)).toMatchObject({
      actor: "system",
      action: "auth.refused",
      detail: { notRecorded: 300 - recorded },
    });
  });

  it("is not needed for the refusal", async () => {
    const audit: AuditLog = { record: () => Promise.reject(new Error("disk full")) };
    const app = await open({ deps: { audit } });
    expect((await app.request("/api/plugins", { key: null })).status).toBe(401);
  });
});

it("a refused WebSocket is recorded like a refused request", async () => {
  const audit = createRecordingAudit();
  const app = await openApp({ deps: { audit } });
  const decision = await askForSocket(app, { headers: { authorization: `Bearer ${CANARY}` } });
  expect(decision.kind).toBe("refused");
  expect(entriesOf(audit.entries)).toEqual([
    {
      actor: "client:anonymous",
      action: "auth.refused",
      instanceId: null,
      subject: "GET /mcp",
      outcome: "refused",
      detail: { reason: "UNAUTHENTICATED" },
    },
  ]);
});
