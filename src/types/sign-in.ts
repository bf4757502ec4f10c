/** Somebody who has signed in with a browser. The cookie's secret is kept as a hash alone. Times are epoch milliseconds. */
export interface SignInSession {
  readonly idHash: string;
  /** Which token was given: see `Authenticator.referenceOf`. */
  readonly keyReference: string;
  /** What pages must send with every change, besides the cookie: the same for all secrets of a session. */
  readonly csrfToken: string;
  /** When the person signed in. */
  readonly createdAt: number;
  /** When this secret was made. */
  readonly renewedAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
}

/** Contract: `test/contract/sign-in-store.ts`. */
export interface SignInStore {
  /** Also forgets those that have expired by `now`. */
  add(session: SignInSession, now: number): Promise<void>;
  find(idHash: string, now: number): Promise<SignInSession | null>;
  /** When a session was last used, with whichever of its secrets; `null` for one that has ended. */
  lastSeen(csrfToken: string, now: number): Promise<number | null>;
  /** Notes when it was last used. */
  touch(idHash: string, seenAt: number): Promise<void>;
  /**
   * Lets a secret end soon, and another take its place.
   *
   * @param next differs in `idHash`, `renewedAt`, `seenAt` and `expiresAt`
   * @param expiresAt when the secret ends that is replaced
   * @returns whether it did: of two at once one does, and neither once the session was removed
   */
  replace(session: SignInSession, next: SignInSession, expiresAt: number): Promise<boolean>;
  /** Removes a session with all its secrets, also those that are soon to end. */
  remove(csrfToken: string): Promise<void>;
  /** Removes every session that stands on this token. */
  removeAll(keyReference: string): Promise<void>;
}
