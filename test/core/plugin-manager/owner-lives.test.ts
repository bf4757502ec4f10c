import { describe, expect, it } from "vitest";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";
import {
  ANN,
  BOB,
  client,
  NOT_STARTED,
  OPTIONAL,
  openPersonal as open,
  personal,
} from "./personal.ts";

refuseUnhandledRejections();

describe("an owner's object", () => {
  it("is let go of when a required credential of the owner's changes", async () => {
    const { manager, call, store, remove, time } = open(personal());
    await manager.start();
    await store("client:ann", "old");
    await store("user:local:bob");
    expect([await call(ANN), await call(BOB)]).toEqual(["o1: old", "o2: key of user:local:bob"]);
    await store("client:ann", "new");
    expect(await call(ANN)).toBe("o3: new");
    await remove("client:ann");
    await time.advance(0);
    expect(await call(ANN)).toMatchObject({ kind: "tool-error" });
    expect(await call(BOB)).toBe("o2: key of user:local:bob");
  });

  it("that ends by itself concerns its owner alone, whose next call gets another", async () => {
    const { manager, call, store, end, statusOf, time } = open(personal());
    await manager.start();
    await store("client:ann");
    await store("user:local:bob");
    await call(BOB);
    await call(ANN);
    // The latest life that was loaded.
    end("a", "It ran out of memory.");
    await time.advance(0);
    expect(statusOf("a").state).toBe("running");
    expect([await call(BOB), await call(ANN)]).toEqual([
      "o1: key of user:local:bob",
      "o3: key of client:ann",
    ]);
  });

  it("that does not start concerns its owner alone, and the log has the reason", async () => {
    let fails = true;
    const { manager, call, logs, statusOf, time } = open(
      personal({
        auth: OPTIONAL,
        async start() {
          if (fails) throw new Error("the account is locked");
        },
      }),
    );
    await manager.start();
    expect(await call(ANN)).toEqual(NOT_STARTED);
    expect(logs).toContainEqual({
      level: "error",
      message: 'Plugin "a": Starting failed: the account is locked',
      fields: {
        plugin: "a",
        owner: "client:ann",
        stack: expect.stringMatching(/^Error: the account/),
      },
    });
    fails = false;
    await time.advance(1_000);
    expect(await call(ANN)).toBe("o2: null");
    expect(statusOf("a").state).toBe("running");
  });

  it("goes on starting for others when the client who caused it has gone", async () => {
    const ready = Promise.withResolvers<void>();
    const { manager, call } = open(personal({ auth: OPTIONAL, start: () => ready.promise }));
    await manager.start();
    const controller = new AbortController();
    const gone = call(ANN, controller.signal);
    const stays = call(ANN);
    controller.abort();
    await expect(gone).rejects.toMatchObject({ code: "CALL_ABORTED" });
    ready.resolve();
    expect(await stays).toBe("o1: null");
  });

  it("cannot be the instance's own: a module that exports one object is refused", async () => {
    const { manager, call, logs } = open(personal({ auth: OPTIONAL })());
    await manager.start();
    expect(await call(ANN)).toEqual(NOT_STARTED);
    expect(logs.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      'Plugin "a": Loading failed: Its module exports one plugin object, which the instance "a" uses for itself or another user. Let it export the plugin\'s class or a function that returns the object, so that each user gets its own.',
    ]);
  });

  it("knows what it was handed, and nothing that another's was", async () => {
    const { manager, call, store } = open(personal());
    await manager.start();
    await store("client:ann", "anns-s3cret");
    await store("user:local:bob", "bobs-s3cret");
    await call(ANN);
    await call(BOB);
    const { run } = manager.catalog.tools.get("a_echo")!;
    const text = "anns-s3cret bobs-s3cret";
    expect([ANN, BOB, client(1)].map((who) => run.handedOutTo(who).scrub(text))).toEqual([
      "[redacted] bobs-s3cret",
      "anns-s3cret [redacted]",
      text,
    ]);
  });
});

describe("the end of the instance", () => {
  it("stops every owner's object after its calls in flight, and then its own", async () => {
    const steps: string[] = [];
    const work = Promise.withResolvers<string>();
    const { manager, call, time } = open(
      personal({ auth: OPTIONAL, executeTool: () => work.promise }, steps),
    );
    await manager.start();
    const calls = [call(ANN), call(BOB)];
    await time.advance(0);
    const stopping = manager.stop();
    await time.advance(0);
    expect(steps.some((step) => step.endsWith("stop"))).toBe(false);
    await expect(call(ANN)).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
    work.resolve("done");
    await stopping;
    expect(await Promise.all(calls)).toEqual(["done", "done"]);
    expect(steps.slice(-5).toSorted()).toEqual([
      "o0.cleanup",
      "o1.cleanup",
      "o1.stop",
      "o2.cleanup",
      "o2.stop",
    ]);
    expect(steps.at(-1)).toBe("o0.cleanup");
  });

  it("by a reload fails no call that waits for its object", async () => {
    const ready = Promise.withResolvers<void>();
    const loaded = Promise.withResolvers<void>();
    const start = async () => {
      loaded.resolve();
      await ready.promise;
    };
    const plugins: Record<string, unknown> = { a: personal({ auth: OPTIONAL, start }) };
    const { manager, call, time } = open(null, { plugins, overlaps: true });
    await manager.start();
    const old = call(ANN);
    await loaded.promise;
    plugins["a"] = personal({ auth: OPTIONAL });
    await manager.reload("a");
    await time.advance(1_000);
    ready.resolve();
    expect(await old).toBe("o1: null");
    await manager.stop();
  });

  it("gives up an object that is on its way up", async () => {
    const steps: string[] = [];
    const never = new Promise<void>(() => {});
    let lives = 0;
    const { manager, call, time, states } = open(
      personal(
        { auth: OPTIONAL, initialize: () => (lives++ > 0 ? never : Promise.resolve()) },
        steps,
      ),
    );
    await manager.start();
    const waiting = call(ANN);
    waiting.catch(() => {});
    await time.advance(0);
    const stopping = manager.stop();
    await time.advance(30_000);
    await stopping;
    await expect(waiting).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
    expect(states()).toEqual({ a: "stopped" });
  });

  it("by a reload lets calls finish on the old objects and starts new ones for new calls", async () => {
    const work = Promise.withResolvers<string>();
    const plugins: Record<string, unknown> = {
      a: personal({ auth: OPTIONAL, executeTool: () => work.promise }),
    };
    const { manager, call, time } = open(null, { plugins, overlaps: true });
    await manager.start();
    const old = call(ANN);
    await time.advance(0);
    plugins["a"] = personal({ auth: OPTIONAL, executeTool: async () => "new" });
    await manager.reload("a");
    expect(await call(ANN)).toBe("new");
    await time.advance(1_000);
    work.resolve("old");
    expect(await old).toBe("old");
    await manager.stop();
  });
});
