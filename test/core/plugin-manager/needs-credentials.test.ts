import { describe, expect, it } from "vitest";
import type { Vault } from "../../../src/types/vault.ts";
import { canary } from "../../helpers/canary.ts";
import { callTool, createPlugin, toolCall } from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";
import { AUTH, FIELD, MISSING, needy, openNeedy as open, SYSTEM } from "./needy.ts";
import { createPlainVault } from "../../helpers/plain-vault.ts";

refuseUnhandledRejections();

const ANSWER =
  '"a" needs credentials that nobody has stored: "api_key" (A key from keys.example). Ask the server\'s administrator to store them, with `mcp-plugin-server credentials set a api_key` or POST /api/auth/credentials, and call again.';

describe("a plugin that needs credentials", () => {
  it("waits for them in sight, runs nothing, and lists its tools", async () => {
    const steps: string[] = [];
    const { manager, statusOf, toolNames, logs } = open({
      plugins: { a: needy({ initialize: async () => void steps.push("initialize") }) },
    });
    await manager.start();
    expect(statusOf("a")).toMatchObject({
      state: "needs-credentials",
      error: null,
      missing: MISSING,
      tools: ["a_echo"],
    });
    expect([toolNames(), steps]).toEqual([["a_echo"], []]);
    expect(logs).toContainEqual({
      level: "warn",
      message: "Plugin needs credentials",
      fields: { plugin: "a", missing: ["api_key"] },
    });
  });

  it("answers each call with what is missing and what to do", async () => {
    const { manager, call } = open();
    await manager.start();
    expect(await call()).toEqual({
      kind: "tool-error",
      message: ANSWER,
      data: { plugin: "a", owner: "shared", missing: MISSING },
    });
  });

  it("starts by itself when the last of them is stored", async () => {
    const auth = {
      ...AUTH,
      fields: { api_key: FIELD, other: FIELD, more: { ...FIELD, required: false } },
    };
    const { manager, statusOf, store, settle } = open({ plugins: { a: needy({ auth }) } });
    await manager.start();
    await store("unknown");
    await store("api_key");
    await settle();
    expect(statusOf("a")).toMatchObject({
      state: "needs-credentials",
      missing: [{ name: "other" }],
    });
    await store("other", "b");
    await store("other", "a", "client:c");
    await settle();
    expect(statusOf("a").state).toBe("needs-credentials");
    await store("other");
    await settle();
    expect(statusOf("a")).toMatchObject({ state: "running", missing: [] });
    expect(await callTool(manager, "a_echo")).toEqual({});
  });

  it("starts at a call when another process has stored them, and serves it", async () => {
    const vault = createPlainVault();
    // Nobody hears of changes that another process makes.
    const deaf: Vault = { ...vault, onChange: () => () => {} };
    const { manager, statusOf, call } = open({ vault: deaf });
    await manager.start();
    await vault.for("shared", SYSTEM).storeCredential("a", "api_key", canary("s3cret-key"));
    expect(statusOf("a").state).toBe("needs-credentials");
    const answers = await Promise.all([call(), call(), call()]);
    expect(answers).toEqual([1, 2, 3].map(() => ({ kind: "result", value: {} })));
    expect(statusOf("a").state).toBe("running");
  });

  it("does not serve that call when the tool is another one now", async () => {
    const vault = createPlainVault();
    let schema = {};
    const plugin = needy({
      initialize: async () => void (schema = { properties: { n: { type: "number" } } }),
      getTools: () => [{ name: "echo", inputSchema: schema }],
    });
    const { manager, call } = open({
      plugins: { a: plugin },
      vault: { ...vault, onChange: () => () => {} },
    });
    await manager.start();
    await vault.for("shared", SYSTEM).storeCredential("a", "api_key", canary("s3cret-key"));
    await expect(call()).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
    expect(await call()).toEqual({ kind: "result", value: {} });
  });

  it("lets a call go whose client has gone", async () => {
    const { manager } = open();
    await manager.start();
    const { run } = manager.catalog.tools.get("a_echo")!;
    const call = run.call(toolCall(), 60_000, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: "CALL_ABORTED" });
  });

  it("waits again when a running one's required credential is deleted", async () => {
    const steps: string[] = [];
    const { manager, statusOf, store, remove, settle, toolNames, call } = open({
      plugins: { a: needy({ stop: async () => void steps.push("stop") }) },
    });
    await store();
    await store("more");
    await manager.start();
    await remove("more");
    await settle();
    expect([statusOf("a").state, steps]).toEqual(["running", []]);
    await remove();
    await settle();
    expect([statusOf("a").state, steps, toolNames()]).toEqual([
      "needs-credentials",
      ["stop"],
      ["a_echo"],
    ]);
    expect(await call()).toMatchObject({ kind: "tool-error" });
    await store();
    await settle();
    expect(statusOf("a").state).toBe("running");
  });

  it("goes on when its credential was replaced", async () => {
    const { manager, statusOf, store, settle, call } = open();
    await store();
    await manager.start();
    const { run } = manager.catalog.tools.get("a_echo")!;
    await store();
    await settle();
    expect(manager.catalog.tools.get("a_echo")!.run).toBe(run);
    expect([statusOf("a").state, await call()]).toEqual(["running", { kind: "result", value: {} }]);
  });

  it.each([
    ["its auth is not required", { auth: { ...AUTH, required: false } }],
    ["no field is", { auth: { ...AUTH, fields: { api_key: { ...FIELD, required: false } } } }],
    ["it has no fields", { auth: { type: "oauth2" as const, required: true, fields: {} } }],
  ])("is not held when %s", async (_why, parts) => {
    const { manager, statusOf } = open({ plugins: { a: needy(parts) } });
    await manager.start();
    expect(statusOf("a")).toMatchObject({ state: "running", missing: [] });
  });

  it("is held for what its manifest alone says", async () => {
    const { manager, statusOf } = open({
      plugins: { a: createPlugin("a") },
      manifests: { a: { auth: AUTH } },
    });
    await manager.start();
    expect(statusOf("a")).toMatchObject({ state: "needs-credentials", missing: MISSING });
  });

  it("lists no tools when it knows them only once it was initialized", async () => {
    let tools: { name: string }[] | null = null;
    const plugin = needy({
      initialize: async () => void (tools = [{ name: "late" }]),
      getTools: () => tools!.map((tool) => tool),
    });
    const { manager, statusOf, store, settle, toolNames } = open({ plugins: { a: plugin } });
    await manager.start();
    expect(statusOf("a")).toMatchObject({ state: "needs-credentials", tools: [] });
    await store();
    await settle();
    expect(toolNames()).toEqual(["a_late"]);
  });

  it("fails, to be tried again, when the vault does not answer", async () => {
    const vault = createPlainVault();
    let broken = true;
    const { manager, statusOf, time } = open({
      vault: {
        ...vault,
        for: (owner, actor) => ({
          ...vault.for(owner, actor),
          listCredentials: async () => {
            if (broken) throw new Error("the disk is gone");
            return ["api_key"];
          },
        }),
      },
    });
    await manager.start();
    expect(statusOf("a")).toMatchObject({
      state: "failed",
      error: "Looking for its credentials failed: the disk is gone",
    });
    broken = false;
    await time.advance(1_000);
    expect(statusOf("a").state).toBe("running");
  });

  it("stops in order while it waits", async () => {
    const { manager, states } = open();
    await manager.start();
    await manager.stop();
    expect(states()).toEqual({ a: "stopped" });
  });
});

describe("a plugin whose auth is malformed", () => {
  it("fails with the fault, and is let go of", async () => {
    const { manager, statusOf } = open({
      plugins: { a: needy({ auth: { ...AUTH, type: "magic" as never } }) },
    });
    await manager.start();
    expect(statusOf("a")).toMatchObject({ state: "failed", failures: 1 });
    expect(statusOf("a").error).toMatch(/^Its auth is not valid: type: /);
  });
});
