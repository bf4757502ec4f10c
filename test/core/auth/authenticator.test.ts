import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { createAuthenticator } from "../../../src/core/auth/authenticator.ts";
import { environmentKey, toKeyRecord } from "../../../src/core/auth/keys.ts";
import { canary } from "../../helpers/canary.ts";

const SECRET = canary("a-secret-of-more-than-22-characters");

it("refuses one secret for a client and an administrator, whichever comes first", async () => {
  const keys = await Promise.all(
    (["admin", "client"] as const).map((role) => environmentKey(role, SECRET, 0, sha256)),
  );
  for (const order of [keys, keys.toReversed()]) {
    expect(() => createAuthenticator(order, sha256, () => 0)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining("They must differ") as string,
      }),
    );
  }
});

it("knows a stored key that stands in the environment as well by its stored id", async () => {
  const fields = { id: "stored", name: "first run", kind: "client", scopes: ["mcp"], createdAt: 0 };
  const stored = await toKeyRecord(SECRET, { ...fields, kind: "client" }, sha256);
  const given = await environmentKey("client", SECRET, 0, sha256);
  const authenticator = createAuthenticator([stored, given], sha256, () => 0);
  expect(await authenticator.authenticate(`Bearer ${SECRET}`)).toEqual({
    kind: "client",
    id: "stored",
    scopes: ["mcp"],
  });
});

it("does not take a key for another one whose hash begins alike", async () => {
  const key = await environmentKey("client", SECRET, 0, sha256);
  const alike = { ...key, hash: key.hash.slice(0, 32) + "0".repeat(32) };
  const authenticator = createAuthenticator([alike], sha256, () => 0);
  expect(await authenticator.authenticate(`Bearer ${SECRET}`)).toBeNull();
});

it.each([
  ["a key's", 4_096, 1],
  ["more than any key's", 4_097, 0],
])("hashes what has the length of %s as often as it must", async (_, length, times) => {
  let hashed = 0;
  const counting: typeof sha256 = (bytes) => {
    hashed++;
    return sha256(bytes);
  };
  const authenticator = createAuthenticator([], counting, () => 0);
  expect(await authenticator.authenticate(`Bearer ${"k".repeat(length)}`)).toBeNull();
  expect(hashed).toBe(times);
});

describe("what stands for a key in a session", () => {
  it("is the key's as long as it is good, and another one for the next key of the same name", async () => {
    const keysOf = async (secret: string) =>
      createAuthenticator(
        [
          await toKeyRecord(
            secret,
            { id: "admin", name: "admin", kind: "user", scopes: ["admin"], createdAt: 0 },
            sha256,
          ),
        ],
        sha256,
        () => 0,
      );
    const before = await keysOf("the-first-secret");
    const person = (await before.authenticate("Bearer the-first-secret"))!;
    const reference = before.referenceOf(person)!;
    expect(before.principal(reference)).toBe(person);
    expect((await keysOf("the-second-secret")).principal(reference)).toBeNull();
    expect(before.referenceOf({ ...person })).toBeNull();
  });
});
