import type { LegacySession, LegacySessions } from "../types/sessions.ts";

export interface SessionLimits {
  /** Sessions in all; 1,000 when left out. */
  readonly total?: number;
  /** Sessions of one principal, so that nobody pushes out everybody; 50 when left out. */
  readonly perPrincipal?: number;
}

/** Where a limit is reached, the session not seen for longest gives way to a new one. */
/** The reference driver, which forgets everything at the end of the process. */
export function createMemorySessions({
  total = 1_000,
  perPrincipal = 50,
}: SessionLimits = {}): LegacySessions {
  // In the order in which they were last seen.
  const sessions = new Map<string, LegacySession>();
  return {
    async open(session) {
      sessions.set(session.idHash, session);
      const own = [...sessions.values()].filter(
        ({ principalId }) => principalId === session.principalId,
      );
      const crowd = own.length > perPrincipal ? own : [...sessions.values()];
      if (own.length <= perPrincipal && sessions.size <= total) return [];
      const { idHash } = crowd[0]!;
      sessions.delete(idHash);
      return [idHash];
    },
    find: async (idHash) => sessions.get(idHash) ?? null,
    async touch(idHash, now) {
      const session = sessions.get(idHash);
      if (session === undefined) return;
      sessions.delete(idHash);
      sessions.set(idHash, { ...session, seenAt: now });
    },
    async close(idHash) {
      sessions.delete(idHash);
    },
    async expire(before) {
      const expired = [...sessions.values()].filter(({ seenAt }) => seenAt < before);
      for (const { idHash } of expired) sessions.delete(idHash);
      return expired.map(({ idHash }) => idHash);
    },
  };
}
