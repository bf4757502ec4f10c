import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { sha256, systemTime } from "../../adapters/node/runtime.ts";
import { createWorkerHost } from "../../adapters/node/worker-host/worker-host.ts";
import { createPrincipal } from "../../src/core/auth/principals.ts";
import { PluginManager } from "../../src/core/plugin-manager.ts";
import { createDesk } from "../../src/core/plugin-services.ts";
import { createScrubber } from "../../src/core/scrubber.ts";
import { createInProcessHost, type HostKind } from "../../src/index.ts";
import type { Principal } from "../../src/types/principal.ts";
import type { Owner, VaultActor } from "../../src/types/vault.ts";
import { CANARY, canary } from "../helpers/canary.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { toInstance, toolCall } from "../helpers/manager.ts";
import { openPlayed } from "../helpers/plugin-link.ts";
import { NO_ACCOUNTS } from "../helpers/no-accounts.ts";
import { openTestVault } from "../helpers/vault.ts";
import { NO_OUTBOUND } from "../helpers/no-outbound.ts";

const SYSTEM: VaultActor = { actor: "system", requestId: null };
const fixture = (path: string) => new URL(`../fixtures/plugins/${path}`, import.meta.url).href;
// As every principal is that a plugin is handed.
const ANN = createPrincipal("ann", ["mcp"]);

/** What belongs to others: each value has the word that must be found nowhere. */
const FOREIGN = [
  ["shared", "b", "key"],
  ["shared", "b", "private_key"],
  ["client:bob", "a", "key"],
  ["client:bob", "a", "private_key"],
  ["client:bob", "b", "key"],
  ["user:local:ann", "a", "key"],
] as const;

/** A vault in which others have credentials, and that remembers whose were asked for. */
async function openVault() {
  const { vault, sink } = await openTestVault();
  for (const [owner, instance, name] of FOREIGN) {
    const value = `CANARY of ${owner} ${instance} ${name} and thirty-two bytes more ${CANARY}`;
    await vault.for(owner, SYSTEM).storeCredential(instance, name, value);
  }
  await vault
    .reserved("shared", SYSTEM)
    .storeCredential("a", "$oauth.refresh", canary("CANARY reserved "));
  const read = (owner: Owner, instance: string, name: string) =>
    vault.for(owner, SYSTEM).retrieveCredential(instance, name);
  return {
    vault,
    /** What plugins have asked for, as the audit record has it. */
    asked: () =>
      new Set(
        sink.records
          .filter(({ actor }) => actor.startsWith("plugin:"))
          .map(({ instanceId, subject }) => {
            const [owner, name] = subject!.split("/");
            return `${owner} ${instanceId} ${name}`;
          }),
      ),
    store: (owner: Owner, name: string, value: string) =>
      vault.for(owner, SYSTEM).storeCredential("a", name, value),
    foreign: () =>
      Promise.all(FOREIGN.map(([owner, instance, name]) => read(owner, instance, name))),
  };
}

async function probe(kind: HostKind, module: string, owner: Owner, principal: Principal) {
  const test = await openVault();
  await test.store(owner, "own", "its own");
  const before = await test.foreign();
  const logger = createRecordingLogger();
  const instance = (id: string, entry: string) => {
    const registered = toInstance(id, { host: kind });
    return { ...registered, package: { ...registered.package!, entry } };
  };
  const manager = new PluginManager({
    scrubber: createScrubber(),
    registry: {
      instances: [
        instance("a", fixture(`hostile/${module}.js`)),
        instance("b", fixture("contract/factory.js")),
      ],
      available: [],
    },
    hosts: {
      "in-process": createInProcessHost({ importModule: (entry) => import(entry) }),
      worker: createWorkerHost(),
    },
    vault: test.vault,
    accounts: NO_ACCOUNTS,
    outbound: NO_OUTBOUND,
    engine: createAjvEngine(),
    sha256,
    time: systemTime,
    logger,
  });
  await manager.start();
  try {
    const { run } = manager.catalog.tools.get("a_probe")!;
    const call = { ...toolCall("probe"), principal };
    const outcome = await run.call(call, 60_000, { signal: null });
    if (outcome.kind !== "result") throw new Error(`The probes ended with ${outcome.kind}.`);
    const { found, own } = outcome.value as { found: Record<string, unknown>; own: unknown };
    const changed = (await test.foreign()).filter((value, at) => value !== before[at]);
    return { found, own, changed, asked: test.asked(), logs: logger.records };
  } finally {
    await manager.stop();
  }
}

describe.each([
  ["in-process", "index", "shared", ANN],
  ["worker", "index", "shared", ANN],
  ["in-process", "personal", "client:ann", ANN],
  ["worker", "personal", "client:ann", ANN],
] as [HostKind, string, Owner, Principal][])(
  "a hostile plugin in %s, %s, of %s",
  (kind, module, owner, principal) => {
    it("gets and changes nothing of another's, whatever it does with what it is handed", async () => {
      const { found, own, changed, asked, logs } = await probe(kind, module, owner, principal);
      expect(own).toBe("its own");
      expect(Object.keys(found).length).toBeGreaterThanOrEqual(60);
      expect(JSON.stringify(found)).not.toContain("CANARY");
      expect(JSON.stringify(logs)).not.toContain("CANARY");
      expect(changed).toEqual([]);
      // Not even the vault was asked for anything but its own.
      expect([...asked].toSorted()).toEqual([
        `${owner} a key`,
        `${owner} a key2`,
        `${owner} a own`,
      ]);
    });

    it("is refused every name that is none, before the vault hears of it", async () => {
      const { found } = await probe(kind, module, owner, principal);
      const names = Object.entries(found).slice(0, 39);
      expect(names.filter(([, got]) => got !== "refused: CREDENTIAL_INVALID")).toEqual([]);
    });
  },
);

describe("forged messages of a plugin's side", () => {
  const ask = (parts: object) => ({ type: "ask", id: 1, ...parts });
  const FORGED: [string, unknown][] = [
    ["an argument too many", ask({ service: "getCredential", args: ["key", "b"] })],
    [
      "the other's id beside it",
      ask({ service: "getCredential", args: ["key"], instanceId: "b", owner: "client:bob" }),
    ],
    [
      "the other's id as the question's",
      { ...ask({ service: "getCredential", args: ["key"] }), id: "b" },
    ],
    ["a path", ask({ service: "getCredential", args: ["../b/key"] })],
    ["a reserved name", ask({ service: "getCredential", args: ["$oauth.refresh"] })],
    ["a list as name", ask({ service: "getCredential", args: [["key"]] })],
    ["no arguments", ask({ service: "getCredential" })],
    ["an object for arguments", ask({ service: "getCredential", args: { 0: "key", length: 1 } })],
    ["a huge name", ask({ service: "getCredential", args: ["k".repeat(1_000_000)] })],
    ["a service that is none", ask({ service: "retrieveCredential", args: ["b", "key"] })],
    ["the constructor as service", ask({ service: "constructor", args: [] })],
    ["the prototype as service", ask({ service: "__proto__", args: [] })],
    ["a method of the services", ask({ service: "logger", args: [] })],
    [
      "a write to the other's",
      ask({ service: "setCredential", args: ["../b/key", "overwritten"] }),
    ],
    [
      "a write of a huge value",
      ask({ service: "setCredential", args: ["key2", "x".repeat(100_000)] }),
    ],
    [
      "a signature with the other's key",
      ask({ service: "signJwt", args: ['{"claims":{},"algorithm":"HS256","key":"../b/key"}'] }),
    ],
    ["a signature of no JSON", ask({ service: "signJwt", args: ["{"] })],
    [
      "a signature with a prototype",
      ask({
        service: "signJwt",
        args: ['{"__proto__":{"key":"b/key"},"claims":{},"algorithm":"HS256"}'],
      }),
    ],
    ["a load of the other", { type: "load", id: 1, instanceId: "b", entry: "x" }],
    ["a reply to itself", { type: "reply", id: 1, value: "CANARY" }],
    ["an answer to nobody's question", { type: "answer", id: 999, value: {} }],
    [
      "a call",
      { type: "call", id: 1, call: { kind: "tool", principal: { kind: "client", id: "bob" } } },
    ],
    ["a list", [ask({ service: "getCredential", args: ["key"] })]],
    ["nothing", null],
  ];

  it.each(FORGED)("get nothing of another's: %s", async (_what, message) => {
    const { vault, asked, foreign } = await openVault();
    const before = await foreign();
    const { services } = createDesk({
      instanceId: "a",
      ownerOf: () => "shared",
      isSecret: () => true,
      vault,
      accountOf: () => null,
      outbound: NO_OUTBOUND,
      createScrubber,
      time: systemTime,
    });
    const logger = createRecordingLogger();
    const played = await openPlayed({
      services: { ...services, logger, changed() {}, resourceUpdated() {} },
    });
    await played.loaded();
    const text = JSON.stringify(message);
    // The same again, as if to replay it.
    played.say(text);
    played.say(text);
    await played.time.advance(0);
    expect(JSON.stringify(played.sent)).not.toContain("CANARY");
    expect([...asked()].filter((name) => name !== "shared a key")).toEqual([]);
    expect(await foreign()).toEqual(before);
  });
});
