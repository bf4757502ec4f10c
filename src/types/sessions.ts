/**
 * A 2025-era session as plain data. It is looked up by the hash of its id, because the id alone lets its
 * principal's client speak in the session.
 */
export interface LegacySession {
  readonly idHash: string;
  readonly principalId: string;
  readonly createdAt: number;
  readonly seenAt: number;
}

/**
 * Where 2025-era sessions are kept. A runtime without one serves that era stateless.
 * Consistency: a session that `open` accepted is found by `find` in the same process at once.
 */
export interface LegacySessions {
  /** Stores a new session; answers the hashes of sessions that had to give way. */
  open(session: LegacySession): Promise<readonly string[]>;
  find(idHash: string): Promise<LegacySession | null>;
  touch(idHash: string, now: number): Promise<void>;
  close(idHash: string): Promise<void>;
  /** Removes the sessions not seen since `before`; answers their hashes. */
  expire(before: number): Promise<readonly string[]>;
}
