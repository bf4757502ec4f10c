import type { Principal } from "../../types/principal.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import type { SignInSession, SignInStore } from "../../types/sign-in.ts";
import { hexDigest } from "../../util/hex-digest.ts";
import { isRandomToken, randomToken } from "../../util/ids.ts";
import type { Authenticator } from "./authenticator.ts";

/** A working day: then the token is asked for again, whatever happens. */
export const SIGN_IN_SECONDS = 12 * 60 * 60;
/** How long a session lasts that nobody uses. */
const IDLE_MS = 60 * 60_000;
/** How old a secret becomes before another takes its place. */
const RENEW_MS = 15 * 60_000;
/** What was under way with the old secret still arrives. */
const GRACE_MS = 60_000;
/** Uses closer together than this are one. */
const TOUCH_MS = 60_000;

export interface SignInsDeps {
  readonly store: SignInStore;
  /** A session stands on a token, and ends when that is replaced. */
  readonly keys: Pick<Authenticator, "referenceOf" | "principal">;
  readonly sha256: Sha256;
  readonly time: Time;
}

/** A session whose secret somebody has shown. */
export interface SignedIn {
  readonly person: Principal;
  readonly session: SignInSession;
}

/** Sessions of people who have given an admin token to a page of ours. */
export class SignIns {
  readonly #deps: SignInsDeps;

  constructor(deps: SignInsDeps) {
    this.#deps = deps;
  }

  /**
   * Answers the secret for the browser's cookie.
   *
   * @param person as the authenticator has named them
   */
  async begin(person: Principal): Promise<string> {
    const { keys, time } = this.#deps;
    const now = time.now();
    return this.#add({
      keyReference: keys.referenceOf(person) ?? "",
      csrfToken: randomToken(""),
      createdAt: now,
      renewedAt: now,
      seenAt: now,
      expiresAt: now + SIGN_IN_SECONDS * 1_000,
    });
  }

  /** Who has signed in with this browser, and has used it within the hour. */
  async find(secret: string | null): Promise<SignedIn | null> {
    if (secret === null || !isRandomToken(secret)) return null;
    const { store, keys, time } = this.#deps;
    const now = time.now();
    const session = await store.find(await this.#hash(secret), now);
    const person = session && keys.principal(session.keyReference);
    if (session === null || person === null || session.seenAt + IDLE_MS <= now) return null;
    if (session.seenAt + TOUCH_MS <= now) await store.touch(session.idHash, now);
    return { person, session };
  }

  /** Answers the next secret of a session whose own is old; `null` while it is not, or when another request has it already. */
  async renew({ session }: SignedIn): Promise<string | null> {
    const { store, time } = this.#deps;
    const now = time.now();
    const isRetired = session.expiresAt < session.createdAt + SIGN_IN_SECONDS * 1_000;
    if (isRetired || session.renewedAt + RENEW_MS > now) return null;
    const end = Math.min(now + GRACE_MS, session.expiresAt);
    const secret = randomToken("");
    const idHash = await this.#hash(secret);
    const next = { ...session, idHash, renewedAt: now, seenAt: now };
    return (await store.replace(session, next, end)) ? secret : null;
  }

  /** Ends the session in this browser, whichever of its secrets it came with; with `everywhere`, in all browsers that gave the same token. */
  async end({ session }: SignedIn, { everywhere }: { readonly everywhere: boolean }) {
    const { store } = this.#deps;
    if (everywhere) await store.removeAll(session.keyReference);
    else await store.remove(session.csrfToken);
  }

  async #add(session: Omit<SignInSession, "idHash">): Promise<string> {
    const { store, time } = this.#deps;
    const secret = randomToken("");
    await store.add({ ...session, idHash: await this.#hash(secret) }, time.now());
    return secret;
  }

  #hash(secret: string): Promise<string> {
    return hexDigest(this.#deps.sha256, secret);
  }
}
