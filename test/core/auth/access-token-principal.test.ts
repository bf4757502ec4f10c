import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { toHolder } from "../../../src/core/auth/access-token-principal.ts";
import { isOwner } from "../../../src/core/auth/credential-ids.ts";
import { hexDigest } from "../../../src/util/hex-digest.ts";
import { ownerOf } from "../../../src/util/owners.ts";
import { claimsOf, createFixture, REFUSED, signJwt, startIssuer } from "./access-token-fixture.ts";

const ISSUER = "https://issuer.test";

async function holderOf(claims: Record<string, unknown>, issuer = ISSUER) {
  const all = { ...claimsOf(issuer, 0), ...claims };
  return toHolder(all, { issuer }, (access) => access, sha256);
}

describe("whom a token speaks for", () => {
  it.each<[string, string]>([
    ["a UUID", "0191e2a4-7c1f-7e3b-9d51-0123456789ab"],
    ["what Auth0 writes", "auth0|63f1c0ffee"],
    ["an address", "alice@example.test"],
    ["with colons", "realm:users:alice"],
    ["100 characters", "a".repeat(100)],
  ])("stands in the owner as it is: %s", async (_what, sub) => {
    const { subject, principal } = await holderOf({ sub });
    expect(subject).toBe(sub);
    expect(principal.owner).toMatch(/^user:[0-9a-f]{16}:/);
    expect(principal.owner?.endsWith(`:${sub}`)).toBe(true);
  });

  it.each<[string, string]>([
    ["with a blank", "alice smith"],
    ["with a line end", "alice\nuser:x:bob"],
    ["with NUL", "alice\0"],
    ["of another alphabet", "алиса"],
    ["of accents, composed", "Ren\u00e9"],
    ["of accents, apart", "Rene\u0301"],
    ["of 101 characters", "a".repeat(101)],
    ["of 4,000 characters", "a".repeat(4_000)],
    ["that looks like one of these", `sha256:${"0".repeat(64)}`],
    ["that looks like a client", "client_id:robot"],
  ])("is hashed where it could not stand there: %s", async (_what, sub) => {
    const { subject } = await holderOf({ sub });
    expect(subject).toBe(`sha256:${await hexDigest(sha256, sub)}`);
  });

  it("is never the same for two, however they are called", async () => {
    const hashed = (await holderOf({ sub: "alice smith" })).subject;
    const robot = { sub: undefined, client_id: "robot" };
    const claims = [
      { sub: "alice smith" },
      { sub: hashed },
      { sub: "alice" },
      { sub: "Alice" },
      { sub: "robot" },
      robot,
      { sub: "client_id:robot" },
      { sub: undefined, client_id: "alice smith" },
      { sub: "Ren\u00e9" },
      { sub: "Rene\u0301" },
    ];
    const holders = await Promise.all(claims.map((one) => holderOf(one)));
    const elsewhere = await holderOf({ sub: "alice" }, `${ISSUER}/`);
    const owners = [...holders, elsewhere].map(({ principal }) => principal.owner);
    expect(new Set(owners).size).toBe(owners.length);
    const ids = [...holders, elsewhere].map(({ principal }) => principal.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("has an owner and an id as the vault and the audit record take them", async () => {
    const subs = ["alice", "a".repeat(100), "a".repeat(101), "алиса", "a b"];
    const claims = [...subs.map((sub) => ({ sub })), { sub: undefined, client_id: "й".repeat(9) }];
    for (const one of claims) {
      const { principal } = await holderOf(one);
      expect(isOwner(principal.owner)).toBe(true);
      expect(ownerOf(principal)).toBe(principal.owner);
      expect(principal.id).toMatch(/^[\x21-\x7e]{1,128}$/);
      expect(principal.owner).toBe(`user:${principal.id}`);
    }
  });

  it("cannot be changed by whoever is handed it", async () => {
    const { principal } = await holderOf({ scope: "mcp:read" });
    expect(Object.isFrozen(principal) && Object.isFrozen(principal.scopes)).toBe(true);
    expect(() => (principal.scopes as string[]).push("admin")).toThrow(TypeError);
  });
});

describe("what they may use", () => {
  it("is one object for all who may use the same, so that a view of the catalog is made once", async () => {
    const { server } = await startIssuer();
    const { tokens, time } = createFixture({ issuer: server.origin });
    const accessFor = async (sub: string, scope: string) => {
      const claims = { ...claimsOf(server.origin, time.now()), sub, scope };
      const verified = await tokens.verify(await signJwt({ claims }));
      if (!verified.ok) throw new Error(verified.reason);
      return verified.value.principal.access;
    };
    const first = await accessFor("alice", "mcp:time mcp:read");
    expect(first).toBeDefined();
    expect(Object.isFrozen(first)).toBe(true);
    expect(await accessFor("bob", "mcp:read openid mcp:time")).toBe(first);
    expect(await accessFor("bob", "mcp:read")).not.toBe(first);
    expect(await accessFor("bob", "mcp mcp:read")).toBeUndefined();
  });
});

describe("how long they may stay", () => {
  async function openFor(seconds: number) {
    const { server } = await startIssuer();
    const { tokens, time } = createFixture({ issuer: server.origin });
    const waits: number[] = [];
    const before = { ...time };
    Object.assign(time, {
      after(ms: number, task: () => void) {
        waits.push(ms);
        return before.after(ms, task);
      },
    });
    const exp = Math.floor(time.now() / 1000) + seconds;
    const token = await signJwt({ claims: { ...claimsOf(server.origin, time.now()), exp } });
    const verified = await tokens.verify(token);
    if (!verified.ok) throw new Error(verified.reason);
    return { tokens, time, token, waits, exp, life: verified.value.life };
  }

  it("is until the token expires, to the second, however long that is", async () => {
    const { time, waits, exp, life } = await openFor(40 * 86_400);
    await time.advance(exp * 1000 - time.now() - 1);
    expect(life.aborted).toBe(false);
    await time.advance(1);
    expect(life.aborted).toBe(true);
    expect(time.pending()).toBe(0);
    // What is more, timers take for nothing.
    expect(Math.max(...waits)).toBeLessThan(2 ** 31);
  });

  it("is no longer on a machine that has slept through the end", async () => {
    const { tokens, time, token, exp } = await openFor(3_600);
    Object.assign(time, { now: () => exp * 1000 });
    expect(await tokens.verify(token)).toEqual(REFUSED);
  });
});
