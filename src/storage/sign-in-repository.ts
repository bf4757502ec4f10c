import { and, eq, gt, lte, max, sql } from "drizzle-orm";
import { signInSessions } from "../../drizzle/sqlite.ts";
import type { SignInStore } from "../types/sign-in.ts";
import type { Database } from "./database.ts";
import { onStore } from "./storage-fault.ts";

/** Sign-in sessions in the database. */
export function createSignInRepository(db: Database): SignInStore {
  const { idHash: id, csrfToken, keyReference, createdAt, expiresAt } = signInSessions;
  return {
    add: (session, now) =>
      onStore(async () => {
        await db.delete(signInSessions).where(lte(expiresAt, now));
        await db.insert(signInSessions).values(session);
      }),
    find: (idHash, now) =>
      onStore(async () => {
        const rows = await db
          .select()
          .from(signInSessions)
          .where(and(eq(id, idHash), gt(expiresAt, now)));
        return rows[0] ?? null;
      }),
    lastSeen: (token, now) =>
      onStore(async () => {
        const rows = await db
          .select({ seenAt: max(signInSessions.seenAt) })
          .from(signInSessions)
          .where(and(eq(csrfToken, token), gt(expiresAt, now)));
        return rows[0]?.seenAt ?? null;
      }),
    touch: (idHash, seenAt) =>
      onStore(async () => {
        await db.update(signInSessions).set({ seenAt }).where(eq(id, idHash));
      }),
    replace: (session, next, end) =>
      onStore(async () => {
        const retired = await db
          .update(signInSessions)
          .set({ expiresAt: end })
          .where(and(eq(id, session.idHash), eq(expiresAt, session.expiresAt)))
          .returning({ id });
        if (retired.length === 0) return false;
        // Made of the row that it follows: where somebody has signed out since, there is none.
        const added = await db
          .insert(signInSessions)
          .select(
            db
              .select({
                idHash: sql`${next.idHash}`.as("id_hash"),
                keyReference,
                csrfToken,
                createdAt,
                renewedAt: sql`${next.renewedAt}`.as("renewed_at"),
                seenAt: sql`${next.seenAt}`.as("seen_at"),
                expiresAt: sql`${next.expiresAt}`.as("expires_at"),
              })
              .from(signInSessions)
              .where(eq(id, session.idHash)),
          )
          .returning({ id });
        return added.length > 0;
      }),
    remove: (token) =>
      onStore(async () => {
        await db.delete(signInSessions).where(eq(csrfToken, token));
      }),
    removeAll: (reference) =>
      onStore(async () => {
        await db.delete(signInSessions).where(eq(keyReference, reference));
      }),
  };
}
