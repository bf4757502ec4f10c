import { describe, expect, it } from "vitest";
import { createPlugin } from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";
import { AUTH, needy, openNeedy as open } from "./needy.ts";

refuseUnhandledRejections();

describe("those that need a plugin which needs credentials", () => {
  it("are blocked until it runs", async () => {
    const { manager, states, statusOf, store, settle } = open({
      plugins: { a: needy(), b: createPlugin("b", { dependencies: ["needy"] }) },
    });
    await manager.start();
    expect(states()).toEqual({ a: "needs-credentials", b: "blocked" });
    expect(statusOf("b").error).toBe('Waits for dependencies: "needy" (a).');
    await store();
    await settle();
    expect(states()).toEqual({ a: "running", b: "running" });
  });

  it("hold it up no more than its own needs do", async () => {
    const { manager, states, store, settle } = open({
      plugins: {
        a: needy({ dependencies: ["needy-too"] }),
        b: () => createPlugin("needy-too", { auth: AUTH }),
      },
    });
    await manager.start();
    expect(states()).toEqual({ a: "blocked", b: "needs-credentials" });
    await store("api_key", "b");
    await settle();
    expect(states()).toEqual({ a: "needs-credentials", b: "running" });
    await store();
    await settle();
    expect(states()).toEqual({ a: "running", b: "running" });
  });
});

describe("a reload", () => {
  it("of one that waits runs the new code, which may need nothing", async () => {
    const plugins: Record<string, unknown> = { a: needy() };
    const { manager, statusOf, settle } = open({ plugins, overlaps: true });
    await manager.start();
    plugins["a"] = () => createPlugin("needy", { version: "2.0.0" });
    await manager.reload("a");
    await settle();
    expect(statusOf("a")).toMatchObject({ state: "running", version: "2.0.0", missing: [] });
  });

  it("to code that needs more leaves the old code serving until that is stored", async () => {
    const plugins: Record<string, unknown> = { a: () => createPlugin("needy") };
    const { manager, statusOf, store, settle } = open({ plugins, overlaps: true });
    await manager.start();
    plugins["a"] = needy({ version: "2.0.0" });
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({
      state: "running",
      version: "1.0.0",
      reloadError: 'It needs credentials that nobody has stored: "api_key".',
    });
    await store();
    await settle();
    expect(statusOf("a")).toMatchObject({ state: "running", version: "2.0.0", reloadError: null });
  });

  it("to code that needs more waits for it where lives cannot overlap", async () => {
    const plugins: Record<string, unknown> = { a: () => createPlugin("needy") };
    const { manager, statusOf, store, settle } = open({ plugins });
    await manager.start();
    plugins["a"] = needy({ version: "2.0.0" });
    await manager.reload("a");
    await settle();
    expect(statusOf("a")).toMatchObject({ state: "needs-credentials", version: "2.0.0" });
    await store();
    await settle();
    expect(statusOf("a").state).toBe("running");
  });
});
