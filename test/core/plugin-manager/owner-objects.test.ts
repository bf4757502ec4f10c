import { describe, expect, it } from "vitest";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";
import type { Principal } from "../../../src/types/principal.ts";
import { ANN, BOB, client, OPTIONAL, openPersonal as open, personal } from "./personal.ts";

refuseUnhandledRejections();

describe("a plugin whose credentials belong to its users", () => {
  it("has an object for each, made at the first call, and each has its own", async () => {
    const steps: string[] = [];
    const { manager, call, store } = open(personal({}, steps));
    await manager.start();
    await store("client:ann");
    await store("user:local:bob");
    // What gives the catalog is not started: it works for nobody.
    expect(steps).toEqual(["o0.initialize"]);
    expect([await call(ANN), await call(BOB), await call(ANN)]).toEqual([
      "o1: key of client:ann",
      "o2: key of user:local:bob",
      "o1: key of client:ann",
    ]);
    expect(steps.slice(1)).toEqual(["o1.initialize", "o1.start", "o2.initialize", "o2.start"]);
  });

  it("never has the credentials that are everybody's", async () => {
    let catalogKey: unknown = "not asked";
    const { manager, call, store } = open(
      personal({
        auth: OPTIONAL,
        async initialize(context) {
          if (catalogKey !== "not asked") return;
          catalogKey = [
            await context.getCredential("key"),
            await context.setCredential("key", "v").catch((error: Error) => error.message),
          ];
        },
      }),
    );
    await store("shared");
    await manager.start();
    expect(catalogKey).toEqual([
      null,
      'The credentials of "a" belong to its users: it has some only in their calls.',
    ]);
    expect(await call(ANN)).toBe("o1: null");
  });

  it("runs without anybody's credentials, and tells each what is missing", async () => {
    const steps: string[] = [];
    const { manager, statusOf, call, store } = open(personal({}, steps));
    await manager.start();
    await store("client:bob");
    expect(statusOf("a")).toMatchObject({ state: "running", missing: [] });
    expect(await call(ANN)).toEqual({
      kind: "tool-error",
      message:
        '"a" needs credentials that you have not stored yet: "key" (Your key). Ask the server\'s administrator to store them, with `mcp-plugin-server credentials set a key --owner client:ann` or POST /api/auth/credentials, and call again.',
      data: {
        plugin: "a",
        owner: "client:ann",
        missing: [{ name: "key", description: "Your key" }],
      },
    });
    expect(steps).toEqual(["o0.initialize"]);
    await store("client:ann");
    expect(await call(ANN)).toMatch(/: key of client:ann$/);
  });

  it("starts one object for calls that come at once", async () => {
    const steps: string[] = [];
    const ready = Promise.withResolvers<void>();
    const { manager, call, store } = open(personal({ start: () => ready.promise }, steps));
    await manager.start();
    await store("client:ann");
    const calls = [call(ANN), call(ANN), call(ANN)];
    ready.resolve();
    expect(await Promise.all(calls)).toEqual(Array(3).fill("o1: key of client:ann"));
    expect(steps.filter((step) => step.endsWith("start"))).toEqual(["o1.start"]);
  });

  it("stops an object that nobody has used for ten minutes, and makes another when it is needed", async () => {
    const steps: string[] = [];
    const { manager, call, store, time } = open(personal({}, steps));
    await manager.start();
    await store("client:ann");
    await call(ANN);
    await time.advance(599_999);
    await call(ANN);
    await time.advance(599_999);
    expect(steps).not.toContain("o1.stop");
    await time.advance(1);
    expect(steps.slice(-2)).toEqual(["o1.stop", "o1.cleanup"]);
    expect(await call(ANN)).toBe("o2: key of client:ann");
  });

  it("keeps an object whose call takes long", async () => {
    const steps: string[] = [];
    const work = Promise.withResolvers<string>();
    const { manager, call, time } = open(
      personal({ auth: OPTIONAL, executeTool: () => work.promise }, steps),
      { deps: { ownerLimits: { idleMs: 10 } } },
    );
    await manager.start();
    const answer = call(ANN);
    await time.advance(50_000);
    work.resolve("done");
    expect(await answer).toBe("done");
    expect(steps).not.toContain("o1.stop");
  });

  it("stops the one used least recently where there are as many as may be", async () => {
    const steps: string[] = [];
    const { manager, call } = open(personal({ auth: OPTIONAL }, steps), {
      deps: { ownerLimits: { max: 2 } },
    });
    await manager.start();
    for (const n of [1, 2, 1, 3]) await call(client(n));
    // o0 gives the catalog; the second client's is o2.
    expect(steps.filter((step) => step.endsWith("stop"))).toEqual(["o2.stop"]);
    expect(await call(client(1))).toBe("o1: null");
  });

  it("asks to try again where every one is in use", async () => {
    const work = Promise.withResolvers<string>();
    const { manager, call } = open(personal({ auth: OPTIONAL, executeTool: () => work.promise }), {
      deps: { ownerLimits: { max: 2 } },
    });
    await manager.start();
    const calls = [call(client(1)), call(client(2))];
    expect(await call(client(3))).toEqual({
      kind: "tool-error",
      message: '"a" serves as many users as it can right now. Try again later.',
    });
    work.resolve("done");
    expect(await Promise.all(calls)).toEqual(["done", "done"]);
    expect(await call(client(3))).toBe("done");
  });

  it.each([
    ["the system", { kind: "system", id: "s", scopes: [] }],
    ["a client without a name", { kind: "client", id: "", scopes: [] }],
    ["a client with a line's end in its name", { kind: "client", id: "a\nb", scopes: [] }],
    ["a client with a look-alike name", { kind: "client", id: "аnn", scopes: [] }],
    ["a client with a long name", { kind: "client", id: "x".repeat(129), scopes: [] }],
  ] as [string, Principal][])("has no object for %s", async (_who, principal) => {
    const { manager, call, store } = open(personal());
    await manager.start();
    await store("client:ann");
    expect(await call(principal)).toEqual({
      kind: "tool-error",
      message: '"a" serves callers with credentials of their own.',
    });
  });

  it("tells a client and a user of one name apart", async () => {
    const { manager, call, store } = open(personal());
    await manager.start();
    await store("client:bob", "the client's");
    await store("user:local:bob", "the user's");
    expect(await call(BOB)).toBe("o1: the user's");
    expect(await call({ ...BOB, kind: "client" })).toBe("o2: the client's");
  });
});
