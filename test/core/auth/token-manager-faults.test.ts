import { describe, expect, it } from "vitest";
import type { Time } from "../../../src/index.ts";
import { PROVIDER_SPEC } from "../../helpers/provider-script.ts";
import {
  account,
  HOUR,
  MINUTE,
  openConnected,
  openManager,
  unhindered,
} from "../../helpers/token-manager.ts";
import { codesOf, TEST_ACTOR } from "../../helpers/vault.ts";

describe("a person is asked for", () => {
  it("where nobody has connected an account", async () => {
    const { tokens, token } = await openManager();
    await expect(token(tokens)).rejects.toMatchObject({
      code: "NOT_CONNECTED",
      message: '"drive" needs its account connected: no account is connected.',
    });
    expect(await tokens.isConnected(account)).toBe(false);
    expect(await tokens.tokenOrNull(account, TEST_ACTOR)).toBeNull();
  });

  it("when the provider has ended the grant, and it is not asked again", async () => {
    const { tokens, token, time, provider, grants } = await openConnected();
    provider.state.faults.push({ kind: "invalid-grant", reason: "the provider ended the grant" });
    await time.advance(HOUR);
    const ended = { code: "NOT_CONNECTED", message: expect.stringContaining("ended the grant") };
    await expect(token(tokens)).rejects.toMatchObject(ended);
    await expect(token(tokens)).rejects.toMatchObject(ended);
    expect(provider.state.refreshes).toBe(1);
    expect(await grants.find("drive", "shared")).toMatchObject({
      status: "needs_reauth",
      reason: "the provider ended the grant",
      intent: null,
    });
  });

  it("when a process died between the provider's answer and the save, and the provider is strict", async () => {
    const first = await openConnected();
    const { time, provider, grants } = first;
    await time.advance(HOUR);
    // It gets its answer, and is never heard of again.
    const dies = Promise.withResolvers<void>();
    provider.state.beforeAnswer = () => (dies.resolve(), new Promise(() => undefined));
    void first.token(first.make({ time: dying(time) }));
    await dies.promise;
    provider.state.beforeAnswer = async () => undefined;
    expect((await grants.find("drive", "shared"))?.intent).not.toBeNull();

    const other = await first.beside();
    const asked = codesOf([other.token(other.tokens)]);
    expect(await other.passing(asked)).toEqual(["NOT_CONNECTED"]);
    expect(await grants.find("drive", "shared")).toMatchObject({
      status: "needs_reauth",
      reason: expect.stringContaining("without an answer that could be saved"),
    });
  });

  it("never, when such a provider takes the token before once more", async () => {
    const first = await openConnected();
    const { time, provider } = first;
    provider.state.isStrict = false;
    await time.advance(HOUR);
    const dies = Promise.withResolvers<void>();
    provider.state.beforeAnswer = () => (dies.resolve(), new Promise(() => undefined));
    void first.token(first.make({ time: dying(time) }));
    await dies.promise;
    provider.state.beforeAnswer = async () => undefined;

    const other = await first.beside();
    const asked = other.passing(other.token(other.tokens));
    expect((await asked).accessToken).toBe("access-3-of-the-provider");
  });

  it("when the token has run out that cannot be renewed", async () => {
    const { tokens, token, time, provider, grants } = await openManager();
    const granted = provider.first();
    const { refreshToken: _none, ...plain } = granted.token;
    await tokens.connect(account, { ...granted, token: plain }, unhindered);
    expect((await token(tokens)).accessToken).toBe(plain.accessToken);
    await time.advance(HOUR);
    expect(await codesOf([token(tokens)])).toEqual(["NOT_CONNECTED"]);
    expect((await grants.find("drive", "shared"))?.reason).toContain("gave none to renew it");
  });

  it("when the plugin says so, though the token looks good", async () => {
    const { tokens, token } = await openConnected();
    await tokens.requireReauth(account, "its plugin says so");
    await expect(token(tokens)).rejects.toMatchObject({
      code: "NOT_CONNECTED",
      message: expect.stringContaining("its plugin says so"),
    });
    expect(await tokens.isConnected(account)).toBe(false);
  });

  it("not where the client grants to itself: its provider is left alone for a while", async () => {
    const { tokens, time, provider } = await openManager();
    const own = {
      owner: "shared",
      spec: { ...PROVIDER_SPEC, settings: { grant: "client_credentials" } },
    } as const;
    await tokens.token(own, TEST_ACTOR);
    await time.advance(HOUR);
    provider.state.faults.push({ kind: "denied", reason: "It says no." });
    for (let round = 0; round < 3; round++) {
      expect(await codesOf([tokens.token(own, TEST_ACTOR)])).toEqual(["OAUTH_UNAVAILABLE"]);
    }
    expect(provider.state.refreshes).toBe(2);
    await time.advance(1_000);
    expect((await tokens.token(own, TEST_ACTOR)).accessToken).toBe("access-2-of-the-provider");
  });

  it("not for tokens that came with a backup, whose grant did not", async () => {
    const { tokens, token, time, grants } = await openConnected();
    await grants.remove("drive", "shared");
    await time.advance(HOUR);
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");
    expect(await grants.find("drive", "shared")).toMatchObject({ status: "connected" });
  });

  it("until the account is connected again", async () => {
    const { tokens, token, provider, grants } = await openConnected();
    await tokens.requireReauth(account, "its plugin says so");
    await tokens.connect(account, provider.first(), unhindered);
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");
    expect(await grants.find("drive", "shared")).toMatchObject({
      status: "connected",
      reason: null,
      generation: 2,
    });
  });
});

describe("a provider that does not answer as it should", () => {
  const fault = { kind: "temporary", reason: "It answers 503." } as const;

  it("is left alone for a while, longer each time", async () => {
    const { tokens, token, time, provider } = await openConnected();
    provider.state.faults.push(fault, fault);
    await time.advance(HOUR);
    await expect(token(tokens)).rejects.toMatchObject({
      code: "OAUTH_UNAVAILABLE",
      message: 'The provider of "drive" gave no token: It answers 503. Try again in 1 s.',
    });
    expect(await codesOf([token(tokens)])).toEqual(["OAUTH_UNAVAILABLE"]);
    expect(provider.state.refreshes).toBe(1);
    await time.advance(1_000);
    await expect(token(tokens)).rejects.toThrow("Try again in 2 s.");
    await time.advance(2_000);
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");
  });

  it("is seen in the connection, which stands, until the next renewal", async () => {
    const { tokens, token, time, provider, grants } = await openConnected();
    provider.state.faults.push({ kind: "misconfigured", reason: "It does not know the client." });
    await time.advance(HOUR);
    expect(await codesOf([token(tokens)])).toEqual(["OAUTH_UNAVAILABLE"]);
    expect(await grants.find("drive", "shared")).toMatchObject({
      status: "connected",
      reason: "It does not know the client.",
    });
    await time.advance(1_000);
    await token(tokens);
    expect(await grants.find("drive", "shared")).toMatchObject({ reason: null });
  });

  it("is left alone for as long as it asks", async () => {
    const { tokens, token, time, provider } = await openConnected();
    provider.state.faults.push({ ...fault, retryAfterMs: 90_000 });
    await time.advance(HOUR);
    await expect(token(tokens)).rejects.toThrow("Try again in 90 s.");
    await time.advance(89_000);
    expect(await codesOf([token(tokens)])).toEqual(["OAUTH_UNAVAILABLE"]);
    expect(provider.state.refreshes).toBe(1);
  });

  it("does not take away a token that is good for a while yet", async () => {
    const { tokens, token, time, provider } = await openConnected();
    provider.state.faults.push(fault);
    await time.advance(HOUR - 3 * MINUTE);
    expect((await token(tokens)).accessToken).toBe("access-1-of-the-provider");
    await expect.poll(() => provider.state.refreshes).toBe(1);
    for (let round = 0; round < 3; round++) {
      expect((await token(tokens)).accessToken).toBe("access-1-of-the-provider");
    }
    expect(provider.state.refreshes).toBe(1);
  });
});

describe("a grant that the provider has ended", () => {
  it("gives no token from then on, though the last one looks good for a while", async () => {
    const { tokens, token, time, provider, grants } = await openConnected();
    provider.state.faults.push({ kind: "invalid-grant", reason: "the provider ended the grant" });
    await time.advance(HOUR - 3 * MINUTE);
    await token(tokens);
    const status = async () => (await grants.find("drive", "shared"))?.status;
    await expect.poll(status).toBe("needs_reauth");
    expect(await codesOf([token(tokens)])).toEqual(["NOT_CONNECTED"]);
  });
});

describe("what a provider has definitely refused to do", () => {
  it("explains no later refusal, where what nobody knows does", async () => {
    for (const [isDefinite, words] of [
      [true, "the provider ended the grant"],
      [undefined, "without an answer that could be saved"],
    ] as const) {
      const { tokens, token, time, provider, grants } = await openConnected();
      provider.state.faults.push(
        { kind: "temporary", reason: "Try later.", ...(isDefinite && { isDefinite }) },
        { kind: "invalid-grant", reason: "the provider ended the grant", isDefinite: true },
      );
      await time.advance(HOUR);
      expect(await codesOf([token(tokens)])).toEqual(["OAUTH_UNAVAILABLE"]);
      expect((await grants.find("drive", "shared"))?.intent === null).toBe(isDefinite === true);
      await time.advance(MINUTE);
      await expect(token(tokens)).rejects.toMatchObject({
        code: "NOT_CONNECTED",
        message: expect.stringContaining(words),
      });
    }
  });

  it("does not hide that an answer before it was lost", async () => {
    const { tokens, token, time, provider } = await openConnected();
    provider.state.faults.push(
      { kind: "temporary", reason: "Nobody knows." },
      { kind: "temporary", reason: "Try later.", isDefinite: true },
      { kind: "invalid-grant", reason: "the provider ended the grant", isDefinite: true },
    );
    await time.advance(HOUR);
    for (let round = 0; round < 2; round++) {
      expect(await codesOf([token(tokens)])).toEqual(["OAUTH_UNAVAILABLE"]);
      await time.advance(MINUTE);
    }
    await expect(token(tokens)).rejects.toThrow("without an answer that could be saved");
  });
});

describe("a renewal that somebody asks for", () => {
  it("happens though the token is good", async () => {
    const { tokens, provider } = await openConnected();
    expect((await tokens.refresh(account)).accessToken).toBe("access-2-of-the-provider");
    expect(provider.state.refreshes).toBe(1);
  });
});

/** The clock of a process that dies: what it has set for later never comes. */
const dying = (time: Time): Time => ({ ...time, after: () => () => undefined });
