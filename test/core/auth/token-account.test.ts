import { describe, expect, it } from "vitest";
import { TokenKeeper } from "../../../src/core/auth/token-keeper.ts";
import { AppError, createScrubber } from "../../../src/index.ts";
import type { OAuthGrantStore } from "../../../src/types/oauth.ts";
import { account, openConnected, openManager, unhindered } from "../../helpers/token-manager.ts";
import { codesOf, TEST_ACTOR } from "../../helpers/vault.ts";

const FULL = "the disk is full";
const BOB = "bob@example.com";

/** A database that fails when a grant is to be changed, after so many changes that go well. */
function failing(grants: OAuthGrantStore, changes = 0): OAuthGrantStore {
  let left = changes;
  return {
    ...grants,
    async put(grant, expected) {
      if (left-- > 0) return grants.put(grant, expected);
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
    const full = make({ grants: failing(grants, 1) });
    await expect(opened.passing(full.connect(account, bobs, unhindered))).rejects.toThrow(FULL);
    expect(await codesOf([opened.passing(token(tokens))])).toEqual(["NOT_CONNECTED"]);
    expect(await grants.find("drive", "shared")).toMatchObject({
      status: "needs_reauth",
      reason: "its tokens are gone",
      account: "zoe@example.com",
    });
  });

  it("leaves the other as it was where nothing could be put down", async () => {
    const opened = await openConnected();
    const { grants, make, provider, tokens, token } = opened;
    const full = make({ grants: failing(grants) });
    const connecting = full.connect(account, { ...provider.first(), account: BOB }, unhindered);
    await expect(opened.passing(connecting)).rejects.toThrow(FULL);
    expect((await opened.passing(token(tokens))).accessToken).toBe("access-1-of-the-provider");
    expect((await grants.find("drive", "shared"))?.account).toBe("zoe@example.com");
  });

  it("is not replaced by what a renewal of the other has got, which stood still meanwhile", async () => {
    const opened = await openConnected();
    const { vault, grants, make, provider, token, tokens } = opened;
    const keeper = new TokenKeeper({ vault, grants, scrubber: createScrubber() });
    const record = (await keeper.load(account, TEST_ACTOR))!;
    const begun = await keeper.intend((await keeper.grantOf(account))!);
    const zoes = { ...record, ...provider.first().token, generation: begun!.generation + 1 };
    const late: string[] = [];
    const overtaking: OAuthGrantStore = {
      ...grants,
      async put(grant, expected) {
        // When Bob's tokens are in the vault, and before the grant is his.
        if (grant.account === BOB) {
          late.push(...(await codesOf([keeper.store(account, zoes, begun)])).map(String));
        }
        return grants.put(grant, expected);
      },
    };
    const bobs = { ...provider.first(), account: BOB };
    await opened.passing(make({ grants: overtaking }).connect(account, bobs, unhindered));
    expect(late).toEqual(["VAULT_UNAVAILABLE"]);
    expect((await opened.passing(token(tokens))).accessToken).toBe(bobs.token.accessToken);
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
