import { and, eq, gt, lte } from "drizzle-orm";
import { signInSessions } from "../../drizzle/sqlite.ts";
import type { SignInStore } from "../types/sign-in.ts";
import type { Database } from "./database.ts";
import { onStore } from "./storage-fault.ts";

/** Sign-in sessions in the database. */
export function createSignInRepository(db: Database): SignInStore {
  const { idHash: id, csrfToken, keyReference, expiresAt } = signInSessions;
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
    touch: (idHash, seenAt) =>
      onStore(async () => {
        await db.update(signInSessions).set({ seenAt }).where(eq(id, idHash));
      }),
    retire: (session, end) =>
      onStore(async () => {
        const changed = await db
          .update(signInSessions)
          .set({ expiresAt: end })
          .where(and(eq(id, session.idHash), eq(expiresAt, session.expiresAt)))
          .returning({ id });
        return changed.length > 0;
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
