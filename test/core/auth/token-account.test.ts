import { describe, expect, it } from "vitest";
import { TokenKeeper } from "../../../src/core/auth/token-keeper.ts";
import { AppError, createScrubber } from "../../../src/index.ts";
import type { OAuthGrantStore } from "../../../src/types/oauth.ts";
import { account, openConnected, openManager, unhindered } from "../../helpers/token-manager.ts";
import { codesOf, TEST_ACTOR } from "../../helpers/vault.ts";

const FULL = "the disk is full";
const BOB = "bob@example.com";

/** A database that fails when a grant is to be changed. */
function failing(grants: OAuthGrantStore): OAuthGrantStore {
  return {
    ...grants,
    put: async () => {
      throw new AppError("VAULT_UNAVAILABLE", FULL);
    },
  };
}

describe("an account that takes another's place", () => {
  it("is called by its own name, though its process died before it could say so", async () => {
    const { vault, grants, provider, tokens, token } = await openConnected();
    const [before] = await grants.list();
    const keeper = new TokenKeeper({ vault, grants, scrubber: createScrubber() });
    const { client } = (await keeper.load(account, TEST_ACTOR))!;
    const [connectedAt, missingScopes] = [7, ["write"]];
    const granted = { ...provider.first().token, scope: "read" };
    const times = { obtainedAt: connectedAt, connectedAt };
    const generation = before!.generation + 1;
    await keeper.store(account, {
      ...granted,
      ...times,
      client,
      generation,
      account: BOB,
      missingScopes,
    });
    expect((await tokens.refresh(account)).accessToken).toBe(granted.accessToken);
    expect((await token(tokens)).accessToken).toBe(granted.accessToken);
    expect(await grants.list()).toEqual([
      {
        ...before,
        account: BOB,
        missingScopes,
        connectedAt,
        refreshedAt: null,
        expiresAt: granted.expiresAt,
        generation,
        rev: before!.rev + 1,
      },
    ]);
    expect(provider.state.refreshes).toBe(0);
  });

  it("is not used under the other's name where it could not be put down", async () => {
    const opened = await openConnected();
    const { grants, make, provider, tokens, token } = opened;
    const bobs = { ...provider.first(), account: BOB };
    const full = make({ grants: failing(grants) });
    await expect(opened.passing(full.connect(account, bobs, unhindered))).rejects.toThrow(FULL);
    expect(await codesOf([opened.passing(token(tokens))])).toEqual(["NOT_CONNECTED"]);
    expect(await grants.find("drive", "shared")).toMatchObject({
      status: "needs_reauth",
      reason: "its tokens are gone",
      account: "zoe@example.com",
    });
  });

  it("is not used where it is the first and could not be put down", async () => {
    const opened = await openManager();
    const { grants, make, provider, tokens, token } = opened;
    const full = make({ grants: failing(grants) });
    const connecting = full.connect(account, provider.first(), unhindered);
    await expect(opened.passing(connecting)).rejects.toThrow(FULL);
    expect(await codesOf([opened.passing(token(tokens))])).toEqual(["NOT_CONNECTED"]);
    expect(await grants.list()).toEqual([]);
  });

  it("does not get its name to the tokens of one that came meanwhile", async () => {
    const opened = await openConnected();
    const { vault, grants, make, provider, token, tokens } = opened;
    const alices = { ...provider.first(), account: "alice@example.com" };
    // As when the turn was lost: another process connects in the midst of it.
    const overtaken: OAuthGrantStore = {
      ...grants,
      async put(grant, expected) {
        const isFirst = (await grants.find("drive", "shared"))?.account === "zoe@example.com";
        if (isFirst) await connectBeside();
        return grants.put(grant, expected);
      },
    };
    const bobs = { ...provider.first(), account: BOB };
    const keeper = new TokenKeeper({ vault, grants, scrubber: createScrubber() });
    async function connectBeside() {
      const [now] = await grants.list();
      const record = (await keeper.load(account, TEST_ACTOR))!;
      const theirs = { ...record, ...bobs.token, account: BOB };
      await keeper.store(account, theirs);
      await grants.put({ ...now!, account: BOB, generation: record.generation }, now!.rev);
    }
    const late = make({ grants: overtaken }).connect(account, alices, unhindered);
    expect(await codesOf([opened.passing(late)])).toEqual(["VAULT_UNAVAILABLE"]);
    expect((await opened.passing(token(tokens))).accessToken).toBe(bobs.token.accessToken);
    expect((await grants.find("drive", "shared"))?.account).toBe(BOB);
  });
});

it("ends the time of no tokens but those that were looked at", async () => {
  const { vault, grants } = await openConnected();
  const keeper = new TokenKeeper({ vault, grants, scrubber: createScrubber() });
  const begun = await keeper.grantOf(account);
  const record = (await keeper.load(account, TEST_ACTOR))!;
  const newer = { ...record, accessToken: "another-that-came-meanwhile" };
  await keeper.store(account, newer);
  expect(await codesOf([keeper.expire(account, record, begun)])).toEqual(["VAULT_UNAVAILABLE"]);
  expect(await keeper.load(account, TEST_ACTOR)).toEqual(newer);
});
