import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import type { Vault, VaultProgress, VaultStatus } from "../../src/types/vault.ts";
import { canary } from "../helpers/canary.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { ADMIN_TOKEN, CLIENT_KEY, type TestApp } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";
import { createPlainVault } from "../helpers/plain-vault.ts";

const PASSPHRASE = canary("correct horse battery staple ");
const STATUS: VaultStatus = {
  driver: "memory",
  masterKeyId: "0011",
  masterRotationPending: false,
  instances: [
    {
      instanceId: "notes",
      credentials: 2,
      dataKeyId: "id",
      dataKeyCreatedAt: 7,
      uses: 3,
      useLimit: 10,
      pending: 0,
    },
  ],
};
const ACTOR = { actor: "user:admin-1", requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) };

/** A vault whose long work a test holds in its hands. */
function heldVault() {
  const calls: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  // A test may let the work fail before it has been begun.
  promise.catch(() => {});
  const begun = Promise.withResolvers<(progress: VaultProgress) => void>();
  const work =
    (name: string) =>
    async ({ onProgress, ...rest }: { onProgress?: (progress: VaultProgress) => void }) => {
      calls.push([name, rest]);
      begun.resolve(onProgress ?? (() => {}));
      return (await promise) as never;
    };
  const vault: Vault = {
    ...createPlainVault(),
    status: async () => STATUS,
    rotateDataKeys: work("rotate"),
    rotateMasterKey: work("rotate-master"),
    verify: work("verify"),
    exportBackup: work("export"),
    importBackup: work("import"),
  };
  return { vault, calls, begun: begun.promise, resolve, reject };
}

const send = (app: TestApp, path: string, body?: unknown, key = ADMIN_TOKEN) =>
  app.request(`/api/vault${path}`, {
    method: "POST",
    key,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
const linesOf = async (response: Response) =>
  (await response.text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe.each(WAYS)("/api/vault, $way", ({ open }) => {
  it("answers the vault's state", async () => {
    const { vault } = heldVault();
    const app = await open({ deps: { vault } });
    const response = await app.request("/api/vault", { key: ADMIN_TOKEN });
    expect([response.status, await response.json()]).toEqual([200, STATUS]);
  });

  it.each([
    ["/rotate", {}, ["rotate", { actor: ACTOR }], undefined, {}],
    [
      "/rotate",
      { plugin: "notes" },
      ["rotate", { actor: ACTOR, instanceId: "notes" }],
      undefined,
      {},
    ],
    ["/rotate-master", undefined, ["rotate-master", { actor: ACTOR }], undefined, {}],
    [
      "/verify",
      undefined,
      ["verify", { actor: ACTOR }],
      {
        checked: 2,
        faults: [{ instanceId: "notes", owner: "shared", name: "key", reason: "old" }],
      },
      {
        checked: 2,
        faults: [{ instanceId: "notes", owner: "shared", name: "key", reason: "old" }],
      },
    ],
  ])("does %s with %j while it tells how far it is", async (path, body, call, result, answer) => {
    const { vault, calls, begun, resolve } = heldVault();
    const app = await open({ deps: { vault } });
    const sent = send(app, path, body);
    const report = await begun;
    report({ done: 0, total: 2 });
    const response = await sent;
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("cache-control")).toBe("no-store");
    report({ done: 2, total: 2 });
    resolve(result);
    expect(await linesOf(response)).toEqual([
      { progress: { done: 0, total: 2 } },
      { progress: { done: 2, total: 2 } },
      { done: true, ...answer },
    ]);
    expect(calls).toEqual([call]);
  });

  it("ends with the code of what went wrong on the way, and nothing else of it", async () => {
    const { vault, begun, reject } = heldVault();
    const audit = createRecordingAudit();
    const app = await open({ deps: { vault, audit } });
    const sent = send(app, "/rotate-master");
    (await begun)({ done: 1, total: 2 });
    const response = await sent;
    expect(audit.entries.map(({ outcome }) => outcome)).toEqual(["started"]);
    reject(new AppError("VAULT_UNAVAILABLE", "disk full at /secret/path"));
    const requestId = audit.entries[0]!.requestId;
    expect(await linesOf(response)).toEqual([
      { progress: { done: 1, total: 2 } },
      { error: { code: "VAULT_UNAVAILABLE", requestId } },
    ]);
    expect(audit.entries.map(({ outcome }) => outcome)).toEqual(["started", "failed"]);
    expect(app.logs.filter(({ level }) => level === "error")).toMatchObject([
      { message: "Request failed", fields: { requestId, code: "VAULT_UNAVAILABLE" } },
    ]);
  });

  it("answers what fails before it has begun like any other failure", async () => {
    const { vault, reject } = heldVault();
    const audit = createRecordingAudit();
    const app = await open({ deps: { vault, audit } });
    reject(new AppError("CONFIG_INVALID", "the key is not ours to replace"));
    const response = await send(app, "/rotate-master");
    expect(response.status).toBe(500);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ code: "CONFIG_INVALID" });
    expect(audit.entries.map(({ outcome }) => outcome)).toEqual(["started", "failed"]);
    expect(app.logs.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("goes on when the client has left, and records how it ended", async () => {
    const { vault, begun, resolve } = heldVault();
    const audit = createRecordingAudit();
    const app = await open({ deps: { vault, audit } });
    const sent = send(app, "/rotate", {});
    const report = await begun;
    report({ done: 1, total: 2 });
    await (await sent).body!.cancel();
    report({ done: 2, total: 2 });
    resolve(undefined);
    await expect.poll(() => audit.entries.length).toBe(2);
    expect(audit.entries.map(({ outcome }) => outcome)).toEqual(["started", "ok"]);
  });

  it("leaves out reports that come faster than anybody reads", async () => {
    const { vault, begun, resolve } = heldVault();
    const app = await open({ deps: { vault } });
    const sent = send(app, "/rotate", {});
    const report = await begun;
    for (let done = 0; done <= 5_000; done++) report({ done, total: 5_000 });
    resolve(undefined);
    const lines = await linesOf(await sent);
    expect(lines[0]).toEqual({ progress: { done: 0, total: 5_000 } });
    expect(lines.slice(-2)).toEqual([{ progress: { done: 5_000, total: 5_000 } }, { done: true }]);
    expect(lines.length).toBeLessThan(50);
  });

  it("knows no plugin that the vault has nothing of", async () => {
    const { vault, calls } = heldVault();
    const app = await open({ deps: { vault } });
    const response = await send(app, "/rotate", { plugin: "nobody" });
    expect([response.status, calls]).toEqual([404, []]);
  });

  it("exports a backup under a passphrase, whichever way its letters are composed", async () => {
    const { vault, calls, resolve } = heldVault();
    resolve("the backup");
    const app = await open({ deps: { vault } });
    const response = await send(app, "/export", { passphrase: "cafe\u0301 and more words" });
    expect([response.status, await response.text()]).toEqual([200, "the backup"]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const passphrase = new TextEncoder().encode("caf\u00e9 and more words");
    expect(calls).toEqual([["export", { actor: ACTOR, passphrase }]]);
  });

  it("imports a backup of more than a megabyte", async () => {
    const { vault, calls, resolve } = heldVault();
    resolve({ imported: 3 });
    const app = await open({ deps: { vault } });
    const backup = "x".repeat(3 * 1024 * 1024);
    const response = await send(app, "/import", { passphrase: PASSPHRASE, backup });
    expect([response.status, await response.json()]).toEqual([200, { imported: 3 }]);
    const passphrase = new TextEncoder().encode(PASSPHRASE);
    expect(calls).toEqual([["import", { actor: ACTOR, passphrase, backup }]]);
  });

  it.each([
    ["/export", { passphrase: "only eleven" }],
    ["/export", { passphrase: "" }],
    ["/export", {}],
    ["/export", { passphrase: PASSPHRASE, more: 1 }],
    ["/import", { passphrase: PASSPHRASE }],
    ["/import", { passphrase: PASSPHRASE, backup: "" }],
    ["/rotate", { instance: "notes" }],
  ])("refuses %s with %j", async (path, body) => {
    const { vault, calls } = heldVault();
    const app = await open({ deps: { vault } });
    const response = await send(app, path, body);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: "BODY_INVALID" });
    expect(calls).toEqual([]);
    expect(JSON.stringify(app.logs)).not.toContain(PASSPHRASE);
  });

  it("says which rule a passphrase breaks", async () => {
    const { vault } = heldVault();
    const app = await open({ deps: { vault } });
    expect(await (await send(app, "/export", { passphrase: "only eleven" })).json()).toMatchObject({
      detail: "The body is not valid: /passphrase: must have at least 12 characters.",
    });
  });

  it.each(["/rotate", "/rotate-master", "/verify", "/export", "/import"])(
    "lets no client do %s",
    async (path) => {
      const { vault, calls } = heldVault();
      const app = await open({ deps: { vault } });
      expect((await send(app, path, {}, CLIENT_KEY)).status).toBe(403);
      expect(calls).toEqual([]);
    },
  );
});
