import { and, desc, eq, gt, inArray, isNull, lte } from "drizzle-orm";
import { oauthFlows } from "../../drizzle/sqlite.ts";
import type { OAuthFlow, OAuthFlowStore } from "../types/oauth.ts";
import type { Owner } from "../types/vault.ts";
import type { Database } from "./database.ts";
import { onStore } from "./storage-fault.ts";
import { MAX_UNOPENED_FLOWS } from "./unopened-flows.ts";

const NOT_DEPARTED = {
  stateHash: null,
  browserHash: null,
  departedBy: null,
  keyReference: null,
  issuer: null,
  clientHash: null,
  scope: null,
  redirectUri: null,
};
/** SQLite takes no offset without a limit. */
const ALL = 1_000_000;

/** Flows in the database. Each change is one statement, so that of two who come at once, one is first. */
export function createOAuthFlowRepository(db: Database): OAuthFlowStore {
  const at = (handleHash: string) => eq(oauthFlows.handleHash, handleHash);
  const isGood = (now: number) => gt(oauthFlows.expiresAt, now);
  return {
    add: ({ departure, ...flow }, now) =>
      onStore(async () => {
        await db.delete(oauthFlows).where(lte(oauthFlows.expiresAt, now));
        await db.insert(oauthFlows).values({ ...flow, ...(departure ?? NOT_DEPARTED) });
        const alike = and(
          eq(oauthFlows.instanceId, flow.instanceId),
          eq(oauthFlows.owner, flow.owner),
          eq(oauthFlows.startedBy, flow.startedBy),
          isNull(oauthFlows.stateHash),
        );
        const tooMany = db
          .select({ handleHash: oauthFlows.handleHash })
          .from(oauthFlows)
          .where(alike)
          .orderBy(desc(oauthFlows.expiresAt), desc(oauthFlows.handleHash))
          .limit(ALL)
          .offset(MAX_UNOPENED_FLOWS);
        await db.delete(oauthFlows).where(inArray(oauthFlows.handleHash, tooMany));
      }),

    find: (handleHash, now) =>
      onStore(async () => {
        const rows = await db
          .select()
          .from(oauthFlows)
          .where(and(at(handleHash), isGood(now)));
        return rows[0] === undefined ? null : toFlow(rows[0]);
      }),

    depart: (handleHash, departure) =>
      onStore(async () => {
        const changed = await db
          .update(oauthFlows)
          .set(departure)
          .where(at(handleHash))
          .returning({ handleHash: oauthFlows.handleHash });
        return changed.length > 0;
      }),

    arrive: ({ stateHash, browserHash, instanceId }, now) =>
      onStore(async () => {
        // Of a statement that changes rows, `returning` gives what they are after it: what they were is found before, and
        // whether they were that still is in the `where`.
        const condition = and(
          eq(oauthFlows.stateHash, stateHash),
          eq(oauthFlows.browserHash, browserHash),
          eq(oauthFlows.instanceId, instanceId),
          isGood(now),
        );
        const [row] = await db.select().from(oauthFlows).where(condition);
        if (row === undefined) return null;
        const taken = await db
          .update(oauthFlows)
          .set(NOT_DEPARTED)
          .where(condition)
          .returning({ handleHash: oauthFlows.handleHash });
        return taken.length > 0 ? toFlow(row) : null;
      }),

    remove: (handleHash) =>
      onStore(async () => {
        await db.delete(oauthFlows).where(at(handleHash));
      }),
  };
}

function toFlow(row: typeof oauthFlows.$inferSelect): OAuthFlow {
  const { handleHash, instanceId, owner, startedBy, expiresAt } = row;
  const { stateHash, browserHash, departedBy, keyReference, issuer, scope, redirectUri } = row;
  // Rows from before this column are of no client, so that nothing comes of them.
  const clientHash = row.clientHash ?? "";
  const departure =
    stateHash === null || browserHash === null || departedBy === null || redirectUri === null
      ? null
      : {
          stateHash,
          browserHash,
          departedBy,
          keyReference,
          issuer,
          clientHash,
          scope: scope ?? "",
          redirectUri,
        };
  return { handleHash, instanceId, owner: owner as Owner, startedBy, expiresAt, departure };
}
