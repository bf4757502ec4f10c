import { createScrubber } from "../../../src/core/scrubber.ts";
import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../../adapters/node/json-schema.ts";
import { sha256, systemTime } from "../../../adapters/node/runtime.ts";
import { createWorkerHost } from "../../../adapters/node/worker-host/worker-host.ts";
import { createPrincipal } from "../../../src/core/auth/principals.ts";
import { PluginManager } from "../../../src/core/plugin-manager.ts";
import type { Owner } from "../../../src/types/vault.ts";
import { NO_ACCOUNTS } from "../../helpers/no-accounts.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { toInstance, toolCall } from "../../helpers/manager.ts";
import { createPlainVault } from "../../helpers/plain-vault.ts";
import { NO_OUTBOUND } from "../../helpers/no-outbound.ts";

const ANN = createPrincipal("ann", ["mcp"]);
const BOB = createPrincipal("bob", ["mcp"]);

async function withThreads(module: string, use: (test: ReturnType<typeof open>) => Promise<void>) {
  const test = open(module);
  await test.manager.start();
  try {
    await use(test);
  } finally {
    await test.manager.stop();
  }
}

function open(module: string) {
  const vault = createPlainVault();
  const entry = new URL(`../../fixtures/plugins/personal/${module}.js`, import.meta.url).href;
  const registered = toInstance("a", { host: "worker" });
  const manager = new PluginManager({
    scrubber: createScrubber(),
    registry: {
      instances: [{ ...registered, package: { ...registered.package!, entry } }],
      available: [],
    },
    hosts: { worker: createWorkerHost() },
    vault,
    accounts: NO_ACCOUNTS,
    outbound: NO_OUTBOUND,
    engine: createAjvEngine(),
    sha256,
    time: systemTime,
    logger: createRecordingLogger(),
  });
  return {
    manager,
    state: () => manager.statuses()[0]!.state,
    own: (owner: Owner) => vault.for(owner, { actor: "system", requestId: null }),
    call: async (principal = ANN, name = "key") => {
      const { run } = manager.catalog.tools.get(`a_${name}`)!;
      const outcome = await run.call({ ...toolCall(name), principal }, 60_000, { signal: null });
      return outcome.kind === "result" ? outcome.value : outcome.kind;
    },
  };
}

describe("in a thread of its own", () => {
  it("a plugin that needs credentials lists its tools, starts when they come, and waits when they go", () =>
    withThreads("shared", async ({ manager, state, own, call }) => {
      expect([state(), [...manager.catalog.tools.keys()]]).toEqual([
        "needs-credentials",
        ["a_exit", "a_key"],
      ]);
      expect(await call()).toBe("tool-error");
      await own("shared").storeCredential("a", "key", "key-1");
      await expect.poll(state).toBe("running");
      expect(await call()).toEqual({ key: "key-1", calls: 1 });
      await own("shared").deleteCredential("a", "key");
      await expect.poll(state).toBe("needs-credentials");
      expect(await call()).toBe("tool-error");
    }));

  it("each user's object has that user's key, and its end concerns nobody else", () =>
    withThreads("index", async ({ state, own, call }) => {
      await own("client:ann").storeCredential("a", "key", "key-ann");
      await own("client:bob").storeCredential("a", "key", "key-bob");
      expect(await Promise.all([call(ANN), call(BOB), call(ANN)])).toEqual([
        { key: "key-ann", calls: 1 },
        { key: "key-bob", calls: 1 },
        { key: "key-ann", calls: 2 },
      ]);
      await expect(call(ANN, "exit")).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
      expect([await call(BOB), state()]).toEqual([{ key: "key-bob", calls: 2 }, "running"]);
      expect(await call(ANN)).toEqual({ key: "key-ann", calls: 1 });
    }));

  it("says how it authenticates, with patterns as data", () =>
    withThreads("index", async ({ manager }) => {
      const auth = manager.authOf("a")!;
      expect({ ...auth, fields: Object.fromEntries(auth.fields) }).toEqual({
        type: "api-key",
        required: true,
        owner: "user",
        oauth: null,
        fields: {
          key: {
            type: "password",
            required: true,
            description: "Your key",
            validation: { source: "^key-", flags: "" },
          },
        },
      });
      expect(manager.authOf("unknown")).toBeNull();
    }));
});
