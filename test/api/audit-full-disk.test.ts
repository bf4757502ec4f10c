import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { auditLine, type AuditSink } from "../../src/index.ts";
import { modern } from "../helpers/mcp.ts";
import { testPlugin, type TestPlugin } from "../helpers/plugins.ts";
import { ADMIN_TOKEN, createTestApp } from "../helpers/test-app.ts";
import { openTestVault, TEST_ACTOR } from "../helpers/vault.ts";

const SECRET = "s3cret-that-must-stay-where-it-is";

/** The only sink there is: a file, and then one on a disk that is full, where every write fails with ENOSPC. */
function createFileSink(): AuditSink & { fill(): void } {
  let file = openSync("/dev/null", "a");
  onTestFinished(() => closeSync(file));
  return {
    name: "file",
    async append(records) {
      for (const record of records) writeSync(file, `${auditLine(record)}\n`);
    },
    fill() {
      closeSync(file);
      file = openSync("/dev/full", "a");
    },
  };
}

describe.skipIf(!existsSync("/dev/full"))("an audit record on a full disk", () => {
  async function openWithFullDisk() {
    const sink = createFileSink();
    const { vault, audit } = await openTestVault({ auditSinks: [sink] });
    await vault.for("shared", TEST_ACTOR).storeCredential("notes", "key", SECRET);
    const handedOut: unknown[] = [];
    const plugin: TestPlugin = testPlugin({
      tools: {
        read: async () => {
          handedOut.push(await plugin.context!.getCredential("key"));
          return "read";
        },
      },
    });
    const app = await createTestApp({ plugins: { notes: plugin }, deps: { vault, audit } });
    sink.fill();
    return { app, vault, plugin, handedOut };
  }

  it("keeps a plugin from its credential", async () => {
    const { app, plugin, handedOut } = await openWithFullDisk();
    await expect(plugin.context!.getCredential("key")).rejects.toMatchObject({
      code: "AUDIT_UNAVAILABLE",
    });
    const { status, body } = await modern(app, "tools/call", { name: "notes_read", arguments: {} });
    expect([status, body.result.isError]).toEqual([200, true]);
    expect(handedOut).toEqual([]);
    expect(JSON.stringify([body, app.logs])).not.toContain(SECRET);
  });

  it("keeps an administrator from changing anything, with a 503", async () => {
    const { app, vault } = await openWithFullDisk();
    const response = await app.request("/api/auth/credentials/notes/key", {
      method: "DELETE",
      key: ADMIN_TOKEN,
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "AUDIT_UNAVAILABLE" });
    expect(await vault.list()).toMatchObject([{ instanceId: "notes", name: "key" }]);
  });
});
