import { describe, expect, it } from "vitest";
import {
  account,
  HOUR,
  openConnected,
  openManager,
  unhindered,
} from "../../helpers/token-manager.ts";
import { codesOf, TEST_ACTOR, withFullDisk } from "../../helpers/vault.ts";

describe("a token that the provider has given nothing to renew with", () => {
  it.each([
    ["without an end", Number.MAX_SAFE_INTEGER],
    ["for an hour", null],
  ])("stays as it is when somebody wants another one: it is good %s", async (_what, expiresAt) => {
    const { tokens, token, provider, grants, time } = await openManager();
    const granted = provider.first();
    const { refreshToken: _none, ...given } = granted.token;
    const kept = { ...given, expiresAt: expiresAt ?? given.expiresAt };
    await tokens.connect(account, { ...granted, token: kept }, unhindered);
    await expect(tokens.refresh(account)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("stays as it is"),
    });
    expect(await tokens.isConnected(account)).toBe(true);
    expect((await token(tokens)).accessToken).toBe(kept.accessToken);
    expect(await grants.list()).toMatchObject([{ status: "connected", reason: null }]);
    expect(provider.state.refreshes).toBe(0);
    if (expiresAt !== null) return;
    await time.advance(HOUR);
    expect(await codesOf([tokens.refresh(account)])).toEqual(["NOT_CONNECTED"]);
    expect(await grants.list()).toMatchObject([{ status: "needs_reauth" }]);
  });
});

describe("the end of a connection", () => {
  it("is told to the provider, and leaves nothing here", async () => {
    const { tokens, token, provider, grants, vault, recorded } = await openConnected();
    expect(await tokens.revoke(account, TEST_ACTOR)).toBe("revoked");
    expect(provider.state.revocations).toEqual(["access-1-of-the-provider"]);
    expect(await grants.list()).toEqual([]);
    expect(await vault.reserved("shared", TEST_ACTOR).listCredentials("drive")).toEqual([]);
    expect(await codesOf([token(tokens)])).toEqual(["NOT_CONNECTED"]);
    expect(recorded.at(-1)).toMatchObject({
      action: "token.revoke",
      outcome: "ok",
      detail: { provider: "revoked" },
    });
    expect(await tokens.revoke(account, TEST_ACTOR)).toBe("absent");
  });

  it("is told to the provider with the newest tokens, also if the vault did not take them", async () => {
    const { time, provider, vault, make } = await openConnected();
    const disk = { isFull: true };
    const tokens = make({ vault: withFullDisk(vault, disk) });
    await time.advance(HOUR);
    await expect(tokens.token(account, TEST_ACTOR)).rejects.toThrow("disk");
    disk.isFull = false;
    expect(await tokens.revoke(account, TEST_ACTOR)).toBe("revoked");
    expect(provider.state.revocations).toEqual(["access-2-of-the-provider"]);
  });

  it("leaves nothing here also where no plugin knows of the account any more", async () => {
    const { tokens, grants, vault, provider, recorded } = await openConnected();
    const name = { instanceId: "drive", owner: "shared" } as const;
    expect(await tokens.forget(name, TEST_ACTOR)).toBe("not-asked");
    expect(await grants.list()).toEqual([]);
    expect(await vault.reserved("shared", TEST_ACTOR).listCredentials("drive")).toEqual([]);
    expect(provider.state.revocations).toEqual([]);
    expect(recorded.at(-1)).toMatchObject({
      action: "token.revoke",
      outcome: "ok",
      detail: { provider: "not-asked" },
    });
    expect(await tokens.forget(name, TEST_ACTOR)).toBe("absent");
  });

  it("leaves nothing here also of a record that nobody can read", async () => {
    const { tokens, provider, vault, place, grants } = await openConnected();
    const id = { owner: "shared", instanceId: "drive", name: "$oauth.token" } as const;
    await place.driver.write(id, "damaged");
    expect(await tokens.revoke(account, TEST_ACTOR)).toBe("failed");
    expect(await vault.reserved("shared", TEST_ACTOR).listCredentials("drive")).toEqual([]);
    expect(await grants.list()).toEqual([]);
    expect(provider.state.revocations).toEqual([]);
  });

  it("leaves nothing here also when the provider fails", async () => {
    const { tokens, provider, vault } = await openConnected();
    provider.client.revoke = async () => "failed";
    expect(await tokens.revoke(account, TEST_ACTOR)).toBe("failed");
    expect(await vault.reserved("shared", TEST_ACTOR).listCredentials("drive")).toEqual([]);
  });
});
