/** Somebody who has signed in with a browser. The cookie's secret is kept as a hash alone. */
export interface SignInSession {
  readonly idHash: string;
  /** Which token was given: see `Authenticator.referenceOf`. */
  readonly keyReference: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Contract: `test/contract/sign-in-store.ts`. */
export interface SignInStore {
  /** Also forgets those that have expired by `now`. */
  add(session: SignInSession, now: number): Promise<void>;
  find(idHash: string, now: number): Promise<SignInSession | null>;
  remove(idHash: string): Promise<void>;
}
