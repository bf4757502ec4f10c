import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { createDesk } from "../../src/core/plugin-services.ts";
import { createScrubber } from "../../src/core/scrubber.ts";
import type { PluginAccount } from "../../src/core/auth/plugin-accounts.ts";
import type { Owner, Vault, VaultActor } from "../../src/types/vault.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { ecKey } from "../helpers/keys.ts";
import { toolCall } from "../helpers/manager.ts";
import { createPlainVault } from "../helpers/plain-vault.ts";
import { NO_OUTBOUND } from "../helpers/no-outbound.ts";

const SYSTEM: VaultActor = { actor: "system", requestId: null };

interface Options {
  readonly owner?: Owner | null;
  readonly now?: number;
  readonly account?: PluginAccount | null;
}

function open({ owner = "shared", now = Date.now(), account = null }: Options = {}) {
  const memory = createPlainVault();
  /** What was done, as an audit record would have it. */
  const done: unknown[] = [];
  const vault: Vault = {
    ...memory,
    for(whose, actor) {
      const own = memory.for(whose, actor);
      const note = (action: string, name: string) =>
        void done.push({ ...actor, detail: actor.detail?.(), action, owner: whose, name });
      return {
        ...own,
        useCredential(id, name, use, action = "credential.read") {
          note(action, name);
          return own.useCredential(id, name, use, action);
        },
        storeCredentialBytes(id, name, secret) {
          note("credential.write", name);
          return own.storeCredentialBytes(id, name, secret);
        },
      };
    },
  };
  const desk = createDesk({
    instanceId: "mine",
    ownerOf: () => owner,
    isSecret: (name) => name !== "account",
    vault,
    accountOf: () => account,
    outbound: NO_OUTBOUND,
    createScrubber,
    time: createFakeTime(now),
  });
  const store = (name: string, value: string, whose: Owner = "shared", instance = "mine") =>
    memory.for(whose, SYSTEM).storeCredential(instance, name, value);
  return { ...desk, ...desk.services, memory, done, store };
}

const INVALID = { name: "AppError", code: "CREDENTIAL_INVALID" };

describe("a plugin's complaint about a token", () => {
  it("is about the one that it got last, unless it names another", async () => {
    const said: unknown[] = [];
    const given = ["first", "second", "third"].map((accessToken) => ({
      accessToken,
      expiresAt: 5,
      scope: "",
      tokenType: "Bearer",
    }));
    const account: PluginAccount = {
      token: async () => given.shift()!,
      tokenOrNull: async () => given.shift()!,
      isConnected: async () => true,
      async requireReauth(refused) {
        said.push(refused);
        return "https://example.org/connect";
      },
    };
    const { getAccessToken, getTokenInfo, requireReauth } = open({ account });
    await requireReauth();
    await getAccessToken();
    await requireReauth();
    await getTokenInfo();
    await requireReauth();
    await getAccessToken();
    await requireReauth("first");
    expect(said).toEqual([null, "first", "second", "first"]);
  });
});

describe("a plugin's credentials", () => {
  it("are its instance's and its owner's alone", async () => {
    const { getCredential, store } = open();
    await store("key", "of another instance", "shared", "other");
    await store("key", "of a client", "client:c");
    expect(await getCredential("key")).toBeNull();
    await store("key", "mine");
    expect(await getCredential("key")).toBe("mine");
  });

  it("are stored for it, and read back as they were", async () => {
    const { getCredential, setCredential, memory } = open({ owner: "client:c" });
    await setCredential("key", "\ufeffwörds 🔑\n");
    expect(await getCredential("key")).toBe("\ufeffwörds 🔑\n");
    expect(await memory.list()).toMatchObject([
      { owner: "client:c", instanceId: "mine", name: "key" },
    ]);
  });

  it.each([
    ["a reserved name", "$oauth.refresh"],
    ["a path", "../other/key"],
    ["a name with a zero", "key\0"],
    ["a name with a line's end", "key\n"],
    ["an empty name", ""],
    ["a long name", "k".repeat(65)],
    ["a name that begins with a digit", "1key"],
    ["a Cyrillic look-alike", "kеy"],
    ["a full-width look-alike", "ｋｅｙ"],
    ["a combined letter", "ke\u0301y"],
    ["__proto__", "__proto__"],
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["a symbol", Symbol("key")],
    ["a list", ["key"]],
    ["a String object", new String("key")],
    ["an object that says it is one", { toString: () => "key" }],
    ["an object without a prototype", Object.create(null)],
  ])("have no name like %s", async (_what, name) => {
    const { getCredential, setCredential, done } = open();
    await expect(getCredential(name as string)).rejects.toMatchObject(INVALID);
    await expect(setCredential(name as string, "v")).rejects.toMatchObject(INVALID);
    expect(done).toEqual([]);
  });

  it.each([["constructor"], ["toString"], ["hasOwnProperty"]])(
    "may be called %s, which is nothing that is there already",
    async (name) => {
      const { getCredential } = open();
      expect(await getCredential(name)).toBeNull();
    },
  );

  it.each([
    ["nothing", undefined],
    ["a number", 5],
    ["an object that says it is one", { toString: () => "v" }],
    ["an empty text", ""],
    ["half a character", "\udc00"],
    ["more than 64 KiB", "x".repeat(65_537)],
    ["more than 64 KiB of UTF-8", "é".repeat(32_769)],
  ])("cannot be %s", async (_what, value) => {
    const { setCredential, done } = open();
    await expect(setCredential("key", value as string)).rejects.toMatchObject(INVALID);
    expect(done).toEqual([]);
  });

  it("are none for an object that works for nobody, whatever the instance has", async () => {
    const { getCredential, setCredential, signJwt, store, done } = open({ owner: null });
    await store("key", "shared");
    expect(await getCredential("key")).toBeNull();
    await expect(setCredential("key", "v")).rejects.toMatchObject(INVALID);
    await expect(signJwt({ claims: {}, algorithm: "HS256" })).rejects.toMatchObject(INVALID);
    expect(done).toEqual([]);
  });

  it("stand in the record with the calls that were under way", async () => {
    const { getCredential, underWay, done } = open();
    await getCredential("key");
    const ends = Array.from({ length: 10 }, (_, n) =>
      underWay.begin({
        ...toolCall(),
        requestId: `r${n}`,
        principal: { kind: "client", id: `c${n % 2}`, scopes: [] },
      }),
    );
    await getCredential("key");
    ends.slice(1).forEach((end) => end());
    await getCredential("key");
    expect(done).toEqual(
      [
        { calls: 0, requests: [], principals: [] },
        {
          calls: 10,
          requests: ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"],
          principals: ["client:c0", "client:c1"],
        },
        { calls: 1, requests: ["r0"], principals: ["client:c0"] },
      ].map((detail) => ({
        actor: "plugin:mine",
        requestId: null,
        detail,
        action: "credential.read",
        owner: "shared",
        name: "key",
      })),
    );
  });

  it("are known to the scrubber that cleans its answers", async () => {
    const { getCredential, setCredential, handedOut, store } = open();
    await store("key", "s3cret-number-one");
    await store("other", "s3cret-not-handed-out");
    await getCredential("key");
    await setCredential("mine", "s3cret-of-its-own");
    expect(handedOut.scrub("s3cret-number-one s3cret-not-handed-out s3cret-of-its-own")).toBe(
      "[redacted] s3cret-not-handed-out [redacted]",
    );
  });

  it("are left in its answers where its plugin calls them plain texts", async () => {
    const { getCredential, setCredential, handedOut, store } = open();
    await store("account", "robot@accounts.example");
    await getCredential("account");
    await setCredential("account", "robot-2@accounts.example");
    const answer = "robot@accounts.example, robot-2@accounts.example";
    expect(handedOut.scrub(answer)).toBe(answer);
  });
});

describe("a token that a plugin has signed", () => {
  it("is made with its key, which it need not read, and recorded as such", async () => {
    const { signJwt, handedOut, store, done } = open();
    await store("private_key", ecKey().pem);
    const token = await signJwt({ claims: { iss: "robot" }, algorithm: "ES256" });
    expect(decodeJwt(token)).toMatchObject({
      iss: "robot",
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(done).toMatchObject([{ action: "credential.sign", name: "private_key" }]);
    expect(handedOut.scrub(`Bearer ${token}`)).toBe("Bearer [redacted]");
  });

  it.each([
    ["a key that nobody has stored", { claims: {}, algorithm: "HS256" }, "CREDENTIAL_NOT_FOUND"],
    ["a request that is none", null, "CREDENTIAL_INVALID"],
    [
      "another instance's key",
      { claims: {}, algorithm: "HS256", key: "other/key" },
      "CREDENTIAL_INVALID",
    ],
    ["a reserved key", { claims: {}, algorithm: "HS256", key: "$key" }, "CREDENTIAL_INVALID"],
  ])("is refused for %s", async (_what, request, code) => {
    const { signJwt, store } = open();
    await store("private_key", "x".repeat(40), "shared", "other");
    await expect(signJwt(request as never)).rejects.toMatchObject({ name: "AppError", code });
  });
});
