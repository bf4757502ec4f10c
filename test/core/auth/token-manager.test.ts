import { describe, expect, it } from "vitest";
import type { OAuthAccount } from "../../../src/core/auth/token-keeper.ts";
import { PROVIDER_SPEC } from "../../helpers/provider-script.ts";
import {
  account,
  HOUR,
  MINUTE,
  openConnected,
  openManager,
  unhindered,
} from "../../helpers/token-manager.ts";
import { TEST_ACTOR } from "../../helpers/vault.ts";

describe("a token", () => {
  it("is handed out while it is good, and the provider is left alone", async () => {
    const { tokens, token, time, provider } = await openConnected();
    const first = await token(tokens);
    expect(first).toMatchObject({ accessToken: "access-1-of-the-provider", tokenType: "Bearer" });
    await time.advance(HOUR / 2);
    expect((await token(tokens)).accessToken).toBe(first.accessToken);
    expect(provider.state.refreshes).toBe(0);
  });

  it("is renewed in the minute before its end, and before that while it is still handed out", async () => {
    const { tokens, token, time, provider, grants } = await openConnected();
    await time.advance(HOUR - 6 * MINUTE);
    expect((await token(tokens)).accessToken).toBe("access-1-of-the-provider");
    await expect.poll(async () => (await grants.find("drive", "shared"))?.generation).toBe(2);
    expect(provider.state.refreshes).toBe(1);
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");

    await time.advance(HOUR - MINUTE);
    expect((await token(tokens)).accessToken).toBe("access-3-of-the-provider");
  });

  it("is renewed once for all who ask at once, in this process and in others", async () => {
    const first = await openConnected();
    const others = await Promise.all([first.beside(), first.beside(), first.beside()]);
    await first.time.advance(HOUR);
    const asking = [first, ...others].flatMap(({ tokens, token }) =>
      Array.from({ length: 25 }, () => token(tokens)),
    );
    const answers = await first.passing(Promise.all(asking));
    expect(new Set(answers.map(({ accessToken }) => accessToken))).toEqual(
      new Set(["access-2-of-the-provider"]),
    );
    expect(first.provider.state.refreshes).toBe(1);
  });

  it("keeps its refresh token where the provider gives no other", async () => {
    const { tokens, token, time, provider } = await openConnected();
    Object.assign(provider.state, { rotates: false });
    for (let round = 2; round < 5; round++) {
      await time.advance(HOUR);
      expect((await token(tokens)).accessToken).toBe(`access-${round}-of-the-provider`);
    }
  });

  it("is known to the scrubber, each part by itself", async () => {
    const { tokens, token, scrubber } = await openConnected();
    const { accessToken, refreshToken } = await token(tokens);
    expect(scrubber.scrub(`a ${accessToken} b ${refreshToken}`)).toBe("a [redacted] b [redacted]");
  });

  it("leaves a record of each renewal, announced before and told of after", async () => {
    const { tokens, token, time, recorded } = await openConnected();
    await time.advance(HOUR);
    await token(tokens);
    expect(
      recorded.map(({ action, outcome, subject }) => `${action} ${outcome} ${subject}`),
    ).toEqual([
      "token.refresh started shared/$oauth.token",
      "token.refresh ok shared/$oauth.token",
    ]);
  });

  it("that never lives for minutes is handed out for three quarters of its life", async () => {
    const { tokens, token, time, provider } = await openManager(undefined, 40_000);
    await tokens.connect(account, provider.first(), unhindered);
    await time.advance(21_000);
    expect((await token(tokens)).accessToken).toBe("access-1-of-the-provider");
    expect(provider.state.refreshes).toBe(0);
    await time.advance(10_000);
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");
  });

  it("is renewed when somebody has set the clock back, for nobody knows how old it is", async () => {
    const { tokens, provider, grants, make, time, token } = await openConnected();
    const earlier = make({ time: { ...time, now: () => time.now() - 6 * HOUR } });
    await token(earlier);
    await expect.poll(async () => (await grants.find("drive", "shared"))?.generation).toBe(2);
    expect(provider.state.refreshes).toBe(1);
    expect((await token(tokens)).accessToken).toBe("access-2-of-the-provider");
  });

  it("of a client that grants to itself needs no person", async () => {
    const { tokens, time, provider } = await openManager();
    const own: OAuthAccount = {
      owner: "shared",
      spec: { ...PROVIDER_SPEC, settings: { grant: "client_credentials" } },
    };
    expect(await tokens.isConnected(own)).toBe(true);
    const first = await tokens.token(own, TEST_ACTOR);
    expect((await tokens.token(own, TEST_ACTOR)).accessToken).toBe(first.accessToken);
    await time.advance(HOUR);
    expect((await tokens.token(own, TEST_ACTOR)).accessToken).not.toBe(first.accessToken);
    expect(provider.state.refreshes).toBe(2);
  });
});
