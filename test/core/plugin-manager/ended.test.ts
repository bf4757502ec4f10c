import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/index.ts";
import { createPlugin, createTestManager } from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

async function running(overlaps = true) {
  let lives = 0;
  const plugins: Record<string, unknown> = {
    a: () => createPlugin("a", { version: `1.0.${++lives}` }),
    b: () => createPlugin("b"),
  };
  const test = createTestManager({ plugins, overlaps });
  await test.manager.start();
  return { ...test, plugins, lives: () => lives };
}

describe("a plugin that ends although nobody stopped it", () => {
  it("is started again a second later, with its tools in the lists all the time", async () => {
    const { end, manager, time, statusOf, toolNames, lives } = await running();
    const { catalog } = manager;
    end("a", "It called process.exit(3).");
    await time.advance(999);
    expect(statusOf("a")).toMatchObject({
      state: "failed",
      error: "It called process.exit(3).",
      failures: 1,
    });
    expect(manager.catalog).toBe(catalog);
    await time.advance(1);
    expect([statusOf("a").state, lives(), toolNames()]).toEqual([
      "running",
      2,
      ["a_echo", "b_echo"],
    ]);
  });

  it("waits twice as long each time it ends soon after, and its tools are gone meanwhile", async () => {
    const { end, time, states, toolNames, statusOf } = await running();
    for (const wait of [1_000, 2_000, 4_000, 8_000]) {
      end("a");
      await time.advance(wait - 1);
      expect(states()).toEqual({ a: "failed", b: "running" });
      expect(toolNames()).toEqual(wait === 1_000 ? ["a_echo", "b_echo"] : ["b_echo"]);
      await time.advance(1);
      expect(states()).toEqual({ a: "running", b: "running" });
    }
    expect(statusOf("a").failures).toBe(4);
    await time.advance(60_000);
    expect(statusOf("a").failures).toBe(0);
    end("a");
    await time.advance(1_000);
    expect(states()["a"]).toBe("running");
  });

  it("is not counted twice when its start failed for the same reason", async () => {
    const { plugins, manager, end, time, statusOf } = await running();
    const starting = Promise.withResolvers<void>();
    plugins["a"] = () => createPlugin("a", { start: () => starting.promise });
    end("a");
    await time.advance(1_000);
    expect(statusOf("a").state).toBe("starting");
    end("a");
    starting.reject(new Error("Its thread ended."));
    await time.advance(0);
    expect(statusOf("a")).toMatchObject({ state: "failed", failures: 2 });
    await manager.stop();
  });

  it.each(["PLUGIN_UNAVAILABLE", "PLUGIN_TIMEOUT"] as const)(
    "is started again, too, when its thread ends while it loads (%s)",
    async (code) => {
      const { plugins, end, time, states } = await running();
      const sound = plugins["a"];
      plugins["a"] = () => {
        throw new AppError(code, "Its thread ended.");
      };
      end("a");
      await time.advance(1_000);
      expect(states()["a"]).toBe("failed");
      plugins["a"] = sound;
      await time.advance(2_000);
      expect(states()["a"]).toBe("running");
    },
  );

  it("is restarted with the new code when it is saved while it waits", async () => {
    const { plugins, manager, end, time, statusOf } = await running();
    end("a");
    await time.advance(500);
    plugins["a"] = () => createPlugin("a", { version: "2.0.0" });
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ state: "running", version: "2.0.0", failures: 0 });
    await time.advance(10_000);
    expect(statusOf("a").version).toBe("2.0.0");
  });

  it("matters no more when another life has taken over", async () => {
    const { manager, endOf, time, statusOf, lives } = await running();
    const endOld = endOf("a");
    await manager.reload("a");
    endOld(new Error("It called process.exit(1)."));
    await time.advance(60_000);
    expect(statusOf("a")).toMatchObject({ state: "running", version: "1.0.2", failures: 0 });
    expect(lives()).toBe(2);
  });

  it("is not started again once the server stops", async () => {
    const { manager, end, time, lives } = await running();
    end("a");
    await time.advance(10);
    await manager.stop();
    await time.advance(60_000);
    expect(lives()).toBe(1);
  });
});
