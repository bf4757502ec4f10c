import { describe, expect, it } from "vitest";
import { TokenKeeper, type OAuthAccount } from "../../../src/core/auth/token-keeper.ts";
import { createScrubber } from "../../../src/index.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { PROVIDER_SPEC } from "../../helpers/provider-script.ts";
import { account, HOUR, openConnected } from "../../helpers/token-manager.ts";
import { codesOf, TEST_ACTOR, withFullDisk, withGate } from "../../helpers/vault.ts";

describe("a token that could not be saved", () => {
  /** A process that has a new pair of tokens and no place to put it. */
  async function openUnsaved() {
    const opened = await openConnected();
    const disk = { isFull: true };
    const failing = opened.make({ vault: withFullDisk(opened.vault, disk) });
    await opened.time.advance(HOUR);
    await expect(opened.token(failing)).rejects.toThrow("The disk is full.");
    disk.isFull = false;
    return { ...opened, failing };
  }

  it("is saved when there is room again, and the provider is not asked once more", async () => {
    const { failing, token, provider } = await openUnsaved();
    expect((await token(failing)).accessToken).toBe("access-2-of-the-provider");
    expect(provider.state.refreshes).toBe(1);
  });

  it("does not come over an account that a person has connected meanwhile", async () => {
    const { failing, tokens, token, provider, time } = await openUnsaved();
    await tokens.connect(account, provider.first());
    await time.advance(HOUR);
    expect((await token(failing)).accessToken).toBe("access-4-of-the-provider");
  });

  it("does not bring back a connection that was ended meanwhile", async () => {
    const { failing, tokens, token, grants } = await openUnsaved();
    await tokens.revoke(account, TEST_ACTOR);
    expect(await codesOf([token(failing)])).toEqual(["NOT_CONNECTED"]);
    expect(await grants.list()).toEqual([]);
  });

  it("is not what a person has granted: they are told, and grant again", async () => {
    const opened = await openConnected();
    const { vault, make, token, provider, grants } = opened;
    const disk = { isFull: true };
    const failing = make({ vault: withFullDisk(vault, disk) });
    await expect(opened.passing(failing.connect(account, provider.first()))).rejects.toThrow(
      "The disk is full.",
    );
    disk.isFull = false;
    expect((await token(failing)).accessToken).toBe("access-1-of-the-provider");
    expect((await grants.find("drive", "shared"))?.generation).toBe(1);
  });
});

describe("a renewal that comes too late", () => {
  it.each([
    ["connected anew", { intent: null, generation: 2 }],
    ["renewed by another process", { intent: "another", generation: 1 }],
    ["disconnected", null],
  ])("does not make a grant its own that was %s meanwhile", async (_what, meanwhile) => {
    const { vault, grants, provider } = await openConnected();
    const keeper = new TokenKeeper({ vault, grants, scrubber: createScrubber() });
    const begun = (await keeper.intend((await keeper.grantOf(account))!))!;
    await grants.remove("drive", "shared");
    if (meanwhile !== null) await grants.put({ ...begun, ...meanwhile, account: "bob" }, null);
    const before = await grants.list();
    const { token } = provider.first();
    const record = { ...token, client: "c", generation: 2, obtainedAt: 5 };
    expect(await keeper.settle(account, begun, record)).toBeNull();
    expect(await grants.list()).toEqual(before);
  });
});

describe("tokens of one client", () => {
  it.each<[string, Partial<OAuthAccount["spec"]>]>([
    [
      "server",
      { declared: { ...PROVIDER_SPEC.declared, urls: { issuer: "https://evil.example" } } },
    ],
    ["id", { settings: { clientId: "another" } }],
    ["tenant", { settings: { ...PROVIDER_SPEC.settings, tenant: "another" } }],
  ])("are shown to no other %s, and a person is asked for", async (_what, change) => {
    const { tokens, provider, grants } = await openConnected();
    const changed: OAuthAccount = { owner: "shared", spec: { ...PROVIDER_SPEC, ...change } };
    expect(await codesOf([tokens.token(changed, TEST_ACTOR)])).toEqual(["NOT_CONNECTED"]);
    expect(provider.state.refreshes).toBe(0);
    expect(await grants.find("drive", "shared")).toMatchObject({
      status: "needs_reauth",
      reason: "its provider or client is another one now",
    });
    expect(await tokens.revoke(changed, TEST_ACTOR)).toBe("failed");
    expect(provider.state.revocations).toEqual([]);
  });
});

describe("a token that is refused though it looks good", () => {
  it("is renewed first, and a person is asked for when the new one is refused, too", async () => {
    const { tokens, token, time, provider } = await openConnected();
    await time.advance(HOUR / 2);
    await tokens.requireReauth(account, "its plugin says so");
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");
    await tokens.requireReauth(account, "its plugin says so");
    expect(await codesOf([token(tokens)])).toEqual(["NOT_CONNECTED"]);
    expect(provider.state.refreshes).toBe(1);
  });

  it.each([
    ["renewed by another process", "refresh"],
    ["connected anew", "connect"],
  ] as const)(
    "says nothing of tokens that were %s while its process stood still",
    async (_what, means) => {
      const opened = await openConnected();
      const { make, vault, tokens, token, provider, grants } = opened;
      const gate = { isReached: false, opened: Promise.withResolvers<void>() };
      const ownTime = createFakeTime();
      const frozen = make({ vault: withGate(vault, gate), time: ownTime });
      const complaint = frozen.requireReauth(account, "its plugin says so");
      while (!gate.isReached) await ownTime.advance(25);
      // From here on its time stands still, and the others' goes on.
      if (means === "refresh") await opened.passing(tokens.refresh(account));
      else await opened.passing(tokens.connect(account, provider.first()));
      const expected = await token(tokens);
      gate.opened.resolve();
      expect(await codesOf([complaint])).toEqual(["VAULT_UNAVAILABLE"]);
      expect((await token(tokens)).accessToken).toBe(expected.accessToken);
      expect((await grants.find("drive", "shared"))?.status).toBe("connected");
    },
  );
});
