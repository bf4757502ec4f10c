import { describe, expect, it } from "vitest";
import { TokenKeeper, type OAuthAccount } from "../../../src/core/auth/token-keeper.ts";
import { InstanceWrites, type Turns } from "../../../src/core/auth/instance-writes.ts";
import { WriteLeases } from "../../../src/core/auth/write-leases.ts";
import { AppError, createScrubber } from "../../../src/index.ts";
import { PROVIDER_SPEC } from "../../helpers/provider-script.ts";
import {
  account,
  HOUR,
  openConnected,
  unhindered,
  RECORD_FACTS,
} from "../../helpers/token-manager.ts";
import { aroundStoring, codesOf, TEST_ACTOR, withFullDisk } from "../../helpers/vault.ts";

type Opened = Awaited<ReturnType<typeof openConnected>>;

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
    await tokens.connect(account, provider.first(), unhindered);
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
    await expect(
      opened.passing(failing.connect(account, provider.first(), unhindered)),
    ).rejects.toThrow("The disk is full.");
    disk.isFull = false;
    expect((await token(failing)).accessToken).toBe("access-1-of-the-provider");
    expect((await grants.find("drive", "shared"))?.generation).toBe(1);
  });
});

describe("a process whose turn is another's by now", () => {
  const lost: Turns = {
    run: (_name, work) =>
      work({
        isUnbroken: true,
        assertHeld() {
          throw new AppError("VAULT_UNAVAILABLE", "It took too long.");
        },
      }),
  };

  it("sends no refresh token, which may be good for once only", async () => {
    const { make, token, time, provider } = await openConnected();
    await time.advance(HOUR);
    expect(await codesOf([token(make({ turns: lost }))])).toEqual(["VAULT_UNAVAILABLE"]);
    expect(provider.state.refreshes).toBe(0);
  });

  it("keeps nothing that a person has granted, who grants again", async () => {
    const { make, tokens, token, provider } = await openConnected();
    const connecting = make({ turns: lost }).connect(account, provider.first(), unhindered);
    expect(await codesOf([connecting])).toEqual(["VAULT_UNAVAILABLE"]);
    expect((await token(tokens)).accessToken).toBe("access-1-of-the-provider");
  });
});

describe("a renewal that comes too late", () => {
  it("does not put its tokens over those of a grant that is another by now", async () => {
    const { vault, grants, provider, token, tokens } = await openConnected();
    const keeper = new TokenKeeper({ vault, grants, scrubber: createScrubber() });
    const begun = (await keeper.grantOf(account))!;
    await keeper.intend(begun);
    const record = { ...provider.first().token, ...RECORD_FACTS, generation: 2, obtainedAt: 5 };
    expect(await codesOf([keeper.store(account, record, begun)])).toEqual(["VAULT_UNAVAILABLE"]);
    expect((await token(tokens)).accessToken).toBe("access-1-of-the-provider");
  });

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
    const record = { ...token, ...RECORD_FACTS, generation: 2, obtainedAt: 5 };
    expect(await keeper.settle(account, begun, record)).toBeNull();
    expect(await grants.list()).toEqual(before);
  });
});

describe("a renewal that somebody asks for by hand", () => {
  it("renews also when one under way finds that another process has been quicker", async () => {
    const opened = await openConnected();
    const { token, make, time, provider, place } = opened;
    const answer = Promise.withResolvers<void>();
    provider.state.beforeAnswer = () => answer.promise;
    await time.advance(HOUR);
    const quicker = token(make());
    await expect.poll(() => provider.state.refreshes).toBe(1);
    const waits = Promise.withResolvers<void>();
    const turns = new InstanceWrites(new WriteLeases(place.store, time));
    const tokens = make({
      turns: {
        run(name, work) {
          waits.resolve();
          return turns.run(name, work);
        },
      },
    });
    const underWay = token(tokens);
    await waits.promise;
    const byHand = [tokens.refresh(account), tokens.refresh(account)];
    answer.resolve();
    const [first, second, ...others] = await opened.passing(
      Promise.all([quicker, underWay, ...byHand]),
    );
    expect(second.accessToken).toBe(first.accessToken);
    expect(others.map(({ accessToken }) => accessToken)).toEqual([
      "access-3-of-the-provider",
      "access-3-of-the-provider",
    ]);
  });

  it("does not wait for what an earlier failure has put off, and neither does a new connection", async () => {
    const { tokens, token, time, provider } = await openConnected();
    const busy = { kind: "temporary", reason: "It answers 503.", retryAfterMs: HOUR } as const;
    provider.state.faults.push(busy, busy);
    await time.advance(HOUR);
    expect(await codesOf([token(tokens)])).toEqual(["OAUTH_UNAVAILABLE"]);
    expect(await codesOf([tokens.refresh(account)])).toEqual(["OAUTH_UNAVAILABLE"]);
    expect((await tokens.refresh(account)).accessToken).toBe("access-2-of-the-provider");
    provider.state.faults.push(busy);
    await time.advance(HOUR);
    expect(await codesOf([token(tokens)])).toEqual(["OAUTH_UNAVAILABLE"]);
    await tokens.connect(account, { ...provider.first(), account: null }, unhindered);
    await time.advance(HOUR - 1);
    expect((await token(tokens)).accessToken).toBe("access-4-of-the-provider");
  });

  it("is told from what another process has renewed since it was asked for", async () => {
    const opened = await openConnected();
    const { tokens, make, provider } = opened;
    const answer = Promise.withResolvers<void>();
    provider.state.beforeAnswer = () => answer.promise;
    const others = make().refresh(account);
    await expect.poll(() => provider.state.refreshes).toBe(1);
    const own = tokens.refresh(account);
    await opened.time.advance(50);
    const again = tokens.refresh(account);
    answer.resolve();
    const [first, ...same] = await opened.passing(Promise.all([others, own, again]));
    expect(same.map(({ accessToken }) => accessToken)).toEqual([
      first.accessToken,
      first.accessToken,
    ]);
    expect(provider.state.refreshes).toBe(1);
  });
});

describe("an account that somebody else connects", () => {
  it("has no more the name of the one before", async () => {
    const { tokens, provider, grants } = await openConnected();
    expect((await grants.find("drive", "shared"))?.account).toBe("zoe@example.com");
    await tokens.connect(account, { ...provider.first(), account: null }, unhindered);
    expect((await grants.find("drive", "shared"))?.account).toBeNull();
  });
});

describe("tokens that are saved when their grant has just become another", () => {
  /** Renews them, and does something between their saving and the note that they are the grant's. */
  async function renewBeside(meanwhile: (opened: Opened) => Promise<unknown>) {
    const opened = await openConnected();
    await opened.time.advance(HOUR);
    const vault = aroundStoring(opened.vault, async (store) => {
      const stored = await store();
      await meanwhile(opened);
      return stored;
    });
    expect(await codesOf([opened.token(opened.make({ vault }))])).toEqual(["VAULT_UNAVAILABLE"]);
    return opened;
  }

  it("are taken away again, so that nobody takes them for those of the new grant", async () => {
    const { grants, token, tokens } = await renewBeside(({ grants: all }) =>
      all.remove("drive", "shared"),
    );
    expect(await codesOf([token(tokens)])).toEqual(["NOT_CONNECTED"]);
    expect(await grants.list()).toEqual([]);
  });

  it("are left where others are there by then", async () => {
    const newer = { accessToken: "another", expiresAt: Number.MAX_SAFE_INTEGER, scope: "read" };
    const { vault, grants } = await renewBeside(async (opened) => {
      const keeper = new TokenKeeper({ ...opened, scrubber: createScrubber() });
      await opened.grants.remove("drive", "shared");
      const record = {
        ...newer,
        ...RECORD_FACTS,
        tokenType: "Bearer",
        generation: 1,
        obtainedAt: 5,
      };
      await keeper.store(account, record);
    });
    const keeper = new TokenKeeper({ vault, grants, scrubber: createScrubber() });
    expect(await keeper.load(account, TEST_ACTOR)).toMatchObject(newer);
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
    ["provider", { declared: { ...PROVIDER_SPEC.declared, provider: "github" } }],
    ["host", { settings: { ...PROVIDER_SPEC.settings, baseUrl: "https://git.evil.example" } }],
    ["registration", { settings: { ...PROVIDER_SPEC.settings, registration: "dynamic" } }],
  ])("are shown to no other %s, and a person is asked for", async (_what, change) => {
    const { tokens, provider } = await openConnected();
    const changed: OAuthAccount = { owner: "shared", spec: { ...PROVIDER_SPEC, ...change } };
    await expect(tokens.token(changed, TEST_ACTOR)).rejects.toMatchObject({
      code: "NOT_CONNECTED",
      message: expect.stringContaining("its provider or client is another one now"),
    });
    expect(await tokens.isConnected(changed)).toBe(false);
    expect(provider.state.refreshes).toBe(0);
    expect(await tokens.revoke(changed, TEST_ACTOR)).toBe("failed");
    expect(provider.state.revocations).toEqual([]);
  });

  it("are as good as before when the settings were another's for a while", async () => {
    const { tokens, token, provider, time } = await openConnected();
    const settings = { clientId: "typo" };
    const wrong: OAuthAccount = { owner: "shared", spec: { ...PROVIDER_SPEC, settings } };
    expect(await codesOf([tokens.token(wrong, TEST_ACTOR)])).toEqual(["NOT_CONNECTED"]);
    await tokens.requireReauth(wrong, "its plugin says so");
    expect(await tokens.isConnected(account)).toBe(true);
    expect((await token(tokens)).accessToken).toBe("access-1-of-the-provider");
    await time.advance(HOUR);
    expect(await codesOf([tokens.token(wrong, TEST_ACTOR)])).toEqual(["NOT_CONNECTED"]);
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");
    expect(provider.state.refreshes).toBe(1);
  });

  it("are shown to nobody's own grant, which gets its own", async () => {
    const { tokens, provider } = await openConnected();
    const settings = { ...PROVIDER_SPEC.settings, grant: "client_credentials" as const };
    const own: OAuthAccount = { owner: "shared", spec: { ...PROVIDER_SPEC, settings } };
    const { accessToken } = await tokens.token(own, TEST_ACTOR);
    expect([accessToken, provider.state.refreshes]).toEqual(["access-2-of-the-provider", 1]);
  });
});
