import { and, asc, eq } from "drizzle-orm";
import { oauthGrants } from "../../drizzle/sqlite.ts";
import type { OAuthGrant, OAuthGrantStore } from "../types/oauth.ts";
import type { Owner } from "../types/vault.ts";
import type { Database } from "./database.ts";
import { parseColumn } from "./json-column.ts";
import { onStore } from "./storage-fault.ts";

/** Grants in the database, a row each. */
export function createOAuthGrantRepository(db: Database): OAuthGrantStore {
  const at = (instanceId: string, owner: Owner) =>
    and(eq(oauthGrants.instanceId, instanceId), eq(oauthGrants.owner, owner));
  return {
    find: (instanceId, owner) =>
      onStore(async () => {
        const rows = await db.select().from(oauthGrants).where(at(instanceId, owner));
        return rows[0] === undefined ? null : toGrant(rows[0]);
      }),

    list: (instanceId) =>
      onStore(async () => {
        const rows = await db
          .select()
          .from(oauthGrants)
          .where(instanceId === undefined ? undefined : eq(oauthGrants.instanceId, instanceId))
          .orderBy(asc(oauthGrants.instanceId), asc(oauthGrants.owner));
        return rows.map(toGrant);
      }),

    put: (grant, expected) =>
      onStore(async () => {
        const row = {
          ...grant,
          missingScopes: JSON.stringify(grant.missingScopes),
          rev: (expected ?? 0) + 1,
        };
        const { instanceId, owner } = grant;
        const changed =
          expected === null
            ? db.insert(oauthGrants).values(row).onConflictDoNothing()
            : db
                .update(oauthGrants)
                .set(row)
                .where(and(at(instanceId, owner), eq(oauthGrants.rev, expected)));
        return (await changed.returning()).length > 0;
      }),

    remove: (instanceId, owner) =>
      onStore(async () => {
        const gone = await db
          .delete(oauthGrants)
          .where(at(instanceId, owner))
          .returning({ rev: oauthGrants.rev });
        return gone.length > 0;
      }),
  };
}

function toGrant({ owner, missingScopes, ...row }: typeof oauthGrants.$inferSelect): OAuthGrant {
  const scopes = parseColumn(missingScopes);
  return {
    ...row,
    owner: owner as Owner,
    missingScopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [],
  };
}
