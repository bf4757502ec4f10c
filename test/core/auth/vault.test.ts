import { describe, expect, it } from "vitest";
import { createScrubber, type CredentialId, type Owner } from "../../../src/index.ts";
import { canary } from "../../helpers/canary.ts";
import { codesOf, openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";

const SECRET = canary("key-");
const OTHER = canary("other-");

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("the vault", () => {
  it("gives back what was stored, to its owner alone, also after it was opened again", async () => {
    const { vault, place, close } = await openTestVault();
    await vault.for("shared", TEST_ACTOR).storeCredential("weather", "apiKey", SECRET);
    await vault.for("client:a", TEST_ACTOR).storeCredential("weather", "apiKey", OTHER);
    await close();
    const again = (await openTestVault(place)).vault;
    const read = (owner: Owner, instance = "weather") =>
      again.for(owner, TEST_ACTOR).retrieveCredential(instance, "apiKey");
    expect(await read("shared")).toBe(SECRET);
    expect(await read("client:a")).toBe(OTHER);
    await expect(read("client:b")).rejects.toMatchObject({ code: "CREDENTIAL_NOT_FOUND" });
    await expect(read("shared", "other")).rejects.toMatchObject({ code: "CREDENTIAL_NOT_FOUND" });
  });

  it.each(["a", "\u{1f511} Zo\u00eb\u0000\n", "\ufeffwith a mark", "x".repeat(65_536)])(
    "gives texts back as they were (%#)",
    async (text) => {
      const own = (await openTestVault()).vault.for("shared", TEST_ACTOR);
      await own.storeCredential("weather", "apiKey", text);
      expect(await own.retrieveCredential("weather", "apiKey")).toBe(text);
    },
  );

  it("teaches the scrubber a secret again that it has forgotten, and one that has been replaced", async () => {
    const scrubber = createScrubber({ maxSecrets: 1 });
    const { vault } = await openTestVault({ scrubber });
    const own = vault.for("shared", TEST_ACTOR);
    await own.storeCredential("weather", "a", SECRET);
    await own.storeCredential("weather", "b", OTHER);
    for (const [name, value] of [
      ["a", SECRET],
      ["b", OTHER],
      ["a", SECRET],
    ] as const) {
      await own.retrieveCredential("weather", name);
      expect(scrubber.scrub(`<${value}>`)).toBe("<[redacted]>");
    }
    await own.storeCredential("weather", "a", "a third secret");
    scrubber.learn(new TextEncoder().encode("something else"));
    await own.retrieveCredential("weather", "a");
    expect(scrubber.scrub("<a third secret>")).toBe("<[redacted]>");
  });

  it("replaces, lists and deletes, and keeps the date of the first time", async () => {
    const clock = { now: 1_000, elapsed: () => 0, after: () => () => undefined };
    const { vault, place } = await openTestVault({ time: { ...clock, now: () => clock.now } });
    const own = vault.for("shared", TEST_ACTOR);
    await own.storeCredential("weather", "b", SECRET);
    await own.storeCredential("weather", "a", SECRET);
    clock.now = 2_000;
    await own.storeCredential("weather", "b", OTHER);
    const dates = { owner: "shared", instanceId: "weather" };
    expect(await own.listings("weather")).toEqual([
      { ...dates, name: "a", createdAt: 1_000, updatedAt: 1_000 },
      { ...dates, name: "b", createdAt: 1_000, updatedAt: 2_000 },
    ]);
    expect(await own.retrieveCredential("weather", "b")).toBe(OTHER);
    await own.deleteCredential("weather", "b");
    await own.deleteCredential("weather", "b");
    expect(await own.listCredentials("weather")).toEqual(["a"]);
    expect(await own.useCredential("weather", "b", () => 1)).toBeNull();
    expect(
      await place.driver.read({ owner: "shared", instanceId: "weather", name: "b" }),
    ).toBeNull();
  });

  it("hands out bytes that are zeroed afterwards, also when their use fails", async () => {
    const own = (await openTestVault()).vault.for("shared", TEST_ACTOR);
    const stored = bytesOf(SECRET);
    await own.storeCredentialBytes("weather", "apiKey", stored);
    expect(stored).toEqual(new Uint8Array(SECRET.length));
    const seen: Uint8Array[] = [];
    const used = await own.useCredential("weather", "apiKey", async (secret) => {
      seen.push(secret);
      await Promise.resolve();
      return new TextDecoder().decode(secret);
    });
    expect(used).toEqual({ value: SECRET });
    const failing = own.useCredential("weather", "apiKey", (secret) => {
      seen.push(secret);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(seen.map((secret) => secret.buffer.byteLength)).toEqual([SECRET.length, SECRET.length]);
    expect(seen).toEqual([new Uint8Array(SECRET.length), new Uint8Array(SECRET.length)]);
  });

  it("holds bytes that are no text, and says so to who asks for a text", async () => {
    const own = (await openTestVault()).vault.for("shared", TEST_ACTOR);
    await own.storeCredentialBytes("weather", "key", Uint8Array.of(0xff, 0xfe, 0));
    expect(await own.useCredential("weather", "key", (secret) => [...secret])).toEqual({
      value: [0xff, 0xfe, 0],
    });
    await expect(own.retrieveCredential("weather", "key")).rejects.toMatchObject({
      code: "CREDENTIAL_INVALID",
    });
  });

  it("keeps nothing in the store or the driver that shows a secret", async () => {
    const { vault, place } = await openTestVault();
    const id: CredentialId = { owner: "shared", instanceId: "weather", name: "apiKey" };
    await vault.for("shared", TEST_ACTOR).storeCredential("weather", "apiKey", SECRET);
    const kept = JSON.stringify([
      await place.driver.read(id),
      await place.store.dataKeys(),
      await place.store.ledger("weather"),
    ]);
    for (const form of [SECRET, btoa(SECRET).replaceAll("=", ""), "key-0123"]) {
      expect(kept).not.toContain(form);
    }
  });

  it("teaches the scrubber what it stores and what it reads", async () => {
    const first = createScrubber();
    const { vault, place } = await openTestVault({ scrubber: first });
    await vault.for("shared", TEST_ACTOR).storeCredential("weather", "apiKey", SECRET);
    expect(first.scrub(`it is ${SECRET}`)).toBe("it is [redacted]");
    const second = createScrubber();
    const again = await openTestVault({ ...place, scrubber: second });
    await again.vault
      .for("shared", TEST_ACTOR)
      .useCredential("weather", "apiKey", () => expect(second.scrub(SECRET)).toBe("[redacted]"));
    expect(second.scrub(SECRET)).toBe("[redacted]");
  });

  it("tells who listens what was stored or deleted, whatever a listener throws", async () => {
    const { vault, logs } = await openTestVault();
    const heard: string[] = [];
    vault.onChange(() => {
      throw new Error("a listener's own");
    });
    const end = vault.onChange(({ owner, instanceId, name }) =>
      heard.push(`${owner} ${instanceId} ${name}`),
    );
    const own = vault.for("client:a", TEST_ACTOR);
    await own.storeCredential("weather", "a", SECRET);
    await own.deleteCredential("weather", "a");
    await own.deleteCredential("weather", "a");
    await own.retrieveCredential("weather", "a").catch(() => undefined);
    end();
    await own.storeCredential("weather", "a", SECRET);
    expect(heard).toEqual(["client:a weather a", "client:a weather a"]);
    expect(logs.filter(({ level }) => level === "error")).toHaveLength(3);
  });

  it("keeps the server's own names from everybody else, and theirs from it", async () => {
    const { vault } = await openTestVault();
    const own = vault.for("shared", TEST_ACTOR);
    const reserved = vault.reserved("shared", TEST_ACTOR);
    await own.storeCredential("weather", "token", SECRET);
    await reserved.storeCredential("weather", "$token", OTHER);
    expect(await own.listCredentials("weather")).toEqual(["token"]);
    expect(await reserved.listCredentials("weather")).toEqual(["$token"]);
    expect((await vault.list("weather")).map(({ name }) => name)).toEqual(["token"]);
    expect((await vault.list()).map(({ name }) => name)).toEqual(["token"]);
    expect(await reserved.retrieveCredential("weather", "$token")).toBe(OTHER);
    const codes = await codesOf([
      own.retrieveCredential("weather", "$token"),
      own.storeCredential("weather", "$token", SECRET),
      own.deleteCredential("weather", "$token"),
      reserved.retrieveCredential("weather", "token"),
      reserved.storeCredential("weather", "$", SECRET),
    ]);
    expect(new Set(codes)).toEqual(new Set(["CREDENTIAL_INVALID"]));
  });

  const notText = { toString: () => "apiKey" } as unknown as string;
  it.each<[string, string, string]>([
    ["an empty name", "weather", ""],
    ["a name with a dollar sign inside", "weather", "a$b"],
    ["a name that begins with a digit", "weather", "1a"],
    ["a name that is too long", "weather", "x".repeat(65)],
    ["a path", "weather", "../other/apiKey"],
    ["a letter that looks like another", "weather", "\u0430piKey"],
    ["a combining mark", "weather", "apiKe\u0301y"],
    ["a letter of full width", "weather", "\uff41piKey"],
    ["a sign that takes no room", "weather", "api\u200bKey"],
    ["a line break at the end", "weather", "apiKey\n"],
    ["a null character", "weather", "apiKey\u0000"],
    ["a name that is no text", "weather", notText],
    ["a list as a name", "weather", ["apiKey"] as unknown as string],
    ["an instance in capitals", "Weather", "apiKey"],
    ["an instance of the server's own", "$ledger", "apiKey"],
    ["an instance that is a path", "../weather", "apiKey"],
    ["an instance with a line break", "weather\n", "apiKey"],
    ["an instance that is no text", notText, "apiKey"],
    ["a prototype", "__proto__", "apiKey"],
    ["no instance", "", "apiKey"],
  ])("refuses %s, and changes nothing", async (_what, instanceId, name) => {
    const { vault, place, sink } = await openTestVault();
    const own = vault.for("shared", TEST_ACTOR);
    await own.storeCredential("weather", "apiKey", SECRET);
    const recorded = sink.records.length;
    const codes = await codesOf([
      own.retrieveCredential(instanceId, name),
      own.useCredential(instanceId, name, () => expect.unreachable()),
      own.storeCredential(instanceId, name, OTHER),
      own.storeCredentialBytes(instanceId, name, bytesOf(OTHER)),
      own.deleteCredential(instanceId, name),
    ]);
    expect(new Set(codes)).toEqual(new Set(["CREDENTIAL_INVALID"]));
    expect(sink.records).toHaveLength(recorded);
    expect(await place.store.instances()).toEqual(["weather"]);
    expect(await own.retrieveCredential("weather", "apiKey")).toBe(SECRET);
  });

  it.each<string>([
    "",
    "Shared",
    "shared ",
    "client:",
    "client:a b",
    "client:\u0430",
    "client:a\n",
    `client:${"x".repeat(129)}`,
    "user:a",
    "user:a:",
    "user::a",
    `user:h:${"x".repeat(256)}`,
    "system",
    "__proto__",
  ])("knows no owner %j", async (owner) => {
    const { vault } = await openTestVault();
    for (const names of ["for", "reserved"] as const) {
      expect(() => vault[names](owner as Owner, TEST_ACTOR)).toThrow(
        expect.objectContaining({ code: "CREDENTIAL_INVALID" }),
      );
    }
  });

  it.each<[string, unknown]>([
    ["nothing", ""],
    ["half a character", "\ud83d-secret"],
    ["more than 64 KiB", "x".repeat(65_537)],
    ["more than 64 KiB in UTF-8", "\u00eb".repeat(32_769)],
    ["a number", 12_345_678],
    ["an object", { toString: () => SECRET }],
    ["null", null],
  ])("does not store %s", async (_what, value) => {
    const { vault, place } = await openTestVault();
    const storing = vault
      .for("shared", TEST_ACTOR)
      .storeCredential("weather", "a", value as string);
    await expect(storing).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    expect(await place.store.instances()).toEqual([]);
  });

  it.each([new Uint8Array(0), new Uint8Array(65_537), "text", null])(
    "does not store as bytes what are none, or too many (%#)",
    async (value) => {
      const own = (await openTestVault()).vault.for("shared", TEST_ACTOR);
      await expect(
        own.storeCredentialBytes("weather", "a", value as Uint8Array),
      ).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    },
  );

  it("reads while writes of the same instance wait for the driver", async () => {
    const { vault, place } = await openTestVault();
    const own = vault.for("shared", TEST_ACTOR);
    await own.storeCredential("weather", "a", SECRET);
    const { promise, resolve } = Promise.withResolvers<void>();
    const write = place.driver.write.bind(place.driver);
    place.driver.write = async (...args) => {
      await promise;
      return write(...args);
    };
    const writing = own.storeCredential("weather", "b", OTHER);
    expect(await own.retrieveCredential("weather", "a")).toBe(SECRET);
    expect(await own.listCredentials("weather")).toEqual(["a"]);
    resolve();
    await writing;
    expect(await own.listCredentials("weather")).toEqual(["a", "b"]);
  });

  it("says where it stands", async () => {
    const { vault, place } = await openTestVault({ useLimit: 100 });
    await vault.for("shared", TEST_ACTOR).storeCredential("weather", "a", SECRET);
    await vault.for("client:a", TEST_ACTOR).storeCredential("weather", "a", SECRET);
    const active = (await place.store.dataKeys()).find(
      ({ instanceId }) => instanceId === "weather",
    )!;
    expect(await vault.status()).toEqual({
      driver: "memory",
      masterKeyId: active.masterKeyId,
      masterRotationPending: false,
      instances: [
        {
          instanceId: "weather",
          credentials: 2,
          dataKeyId: active.id,
          dataKeyCreatedAt: active.createdAt,
          uses: 16,
          useLimit: 100,
          pending: 0,
        },
      ],
    });
  });
});
