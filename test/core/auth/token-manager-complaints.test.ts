import { describe, expect, it } from "vitest";
import type { OAuthAccount } from "../../../src/core/auth/token-keeper.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { PROVIDER_SPEC } from "../../helpers/provider-script.ts";
import {
  account,
  HOUR,
  MINUTE,
  openConnected,
  openManager,
  unhindered,
} from "../../helpers/token-manager.ts";
import { codesOf, TEST_ACTOR, withGate } from "../../helpers/vault.ts";

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

  it("is renewed where the clock was set back since it came", async () => {
    const opened = await openConnected();
    const { tokens, make, time, token, provider } = opened;
    const behind = { ...time, now: () => time.now() - HOUR / 2 };
    const complaint = make({ time: behind }).requireReauth(account, "its plugin says so");
    await opened.passing(complaint);
    expect((await opened.passing(token(tokens))).accessToken).toBe("access-2-of-the-provider");
    expect(provider.state.refreshes).toBe(1);
  });

  it("is another one by then: what has come in its place stays good, whoever complains", async () => {
    const opened = await openConnected();
    const { tokens, token, time, provider, grants } = opened;
    const other = opened.make();
    const { accessToken: refused } = await token(tokens);
    await time.advance(HOUR / 2);
    await opened.passing(tokens.requireReauth(account, "its plugin says so", refused));
    const { accessToken: newer } = await opened.passing(token(tokens));
    expect(newer).not.toBe(refused);
    await opened.passing(other.requireReauth(account, "its plugin says so", refused));
    await opened.passing(tokens.requireReauth(account, "its plugin says so", refused));
    expect((await token(other)).accessToken).toBe(newer);
    expect((await grants.find("drive", "shared"))?.status).toBe("connected");
    expect(provider.state.refreshes).toBe(1);
  });

  it("is obtained anew where the client grants to itself, since no person can help", async () => {
    const { tokens, grants } = await openManager();
    const settings = { ...PROVIDER_SPEC.settings, grant: "client_credentials" as const };
    const own: OAuthAccount = { owner: "shared", spec: { ...PROVIDER_SPEC, settings } };
    const first = await tokens.token(own, TEST_ACTOR);
    await tokens.requireReauth(own, "its plugin says so", first.accessToken);
    expect(await tokens.isConnected(own)).toBe(true);
    expect((await tokens.token(own, TEST_ACTOR)).accessToken).not.toBe(first.accessToken);
    expect((await grants.find("drive", "shared"))?.status).toBe("connected");
  });

  it("is renewed ahead of its end where the client grants to itself, too, and nobody waits for that", async () => {
    const { tokens, time, provider } = await openManager();
    const settings = { ...PROVIDER_SPEC.settings, grant: "client_credentials" as const };
    const own: OAuthAccount = { owner: "shared", spec: { ...PROVIDER_SPEC, settings } };
    const { accessToken } = await tokens.token(own, TEST_ACTOR);
    await time.advance(HOUR - 3 * MINUTE);
    expect((await tokens.token(own, TEST_ACTOR)).accessToken).toBe(accessToken);
    await expect.poll(() => provider.state.refreshes).toBe(2);
    const next = async () => (await tokens.token(own, TEST_ACTOR)).accessToken;
    await expect.poll(next).toBe("access-2-of-the-provider");
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
      else await opened.passing(tokens.connect(account, provider.first(), unhindered));
      const expected = await token(tokens);
      gate.opened.resolve();
      expect(await codesOf([complaint])).toEqual(["VAULT_UNAVAILABLE"]);
      expect((await token(tokens)).accessToken).toBe(expected.accessToken);
      expect((await grants.find("drive", "shared"))?.status).toBe("connected");
    },
  );
});
