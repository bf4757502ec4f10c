import type { AuditLog } from "../../types/audit.ts";
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
/** How long it may stay unnoticed here that a session has ended elsewhere. */
const LOOK_MS = 20_000;

export interface SignInsDeps {
  readonly store: SignInStore;
  /** A session stands on a token, and ends when that is replaced. */
  readonly keys: Pick<Authenticator, "referenceOf" | "principal">;
  readonly audit: Pick<AuditLog, "record">;
  readonly sha256: Sha256;
  readonly time: Time;
}

/** A session whose secret somebody has shown. */
export interface SignedIn {
  readonly person: Principal;
  readonly session: SignInSession;
}

/** A session of which something stays open. */
interface Watched {
  readonly session: SignInSession;
  readonly end: () => void;
}

/** Sessions of people who have given an admin token to a page of ours. */
export class SignIns {
  readonly #deps: SignInsDeps;
  readonly #watched = new Set<Watched>();

  constructor(deps: SignInsDeps) {
    this.#deps = deps;
  }

  /**
   * Begins a session. The secret is for the browser's cookie.
   *
   * @param person as the authenticator has named them
   * @throws AppError `AUDIT_UNAVAILABLE` when it cannot be recorded; nobody is signed in then
   */
  async begin(
    person: Principal,
    requestId: string,
  ): Promise<{ readonly secret: string; readonly session: SignInSession }> {
    const { store, keys, time } = this.#deps;
    const now = time.now();
    const secret = randomToken("");
    const session = {
      idHash: await this.#hash(secret),
      keyReference: keys.referenceOf(person) ?? "",
      csrfToken: randomToken(""),
      createdAt: now,
      renewedAt: now,
      seenAt: now,
      expiresAt: now + SIGN_IN_SECONDS * 1_000,
    };
    await this.#record("session.begin", person, requestId, {});
    await store.add(session, now);
    return { secret, session };
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

  /** Ends the session in this browser, whichever of its secrets it came with. */
  async end({ person, session: { csrfToken } }: SignedIn, requestId: string): Promise<void> {
    await this.#deps.store.remove(csrfToken);
    this.#endWatched((own) => own.csrfToken === csrfToken);
    await this.#record("session.end", person, requestId, { browsers: "one" });
  }

  /** Ends the sessions of all browsers that gave somebody's token. */
  async endAll(person: Principal, requestId: string): Promise<void> {
    const { store, keys } = this.#deps;
    const reference = keys.referenceOf(person);
    if (reference === null) return;
    await store.removeAll(reference);
    this.#endWatched((own) => own.keyReference === reference);
    await this.#record("session.end", person, requestId, { browsers: "all" });
  }

  #record(
    action: "session.begin" | "session.end",
    { kind, id }: Principal,
    requestId: string,
    detail: Readonly<Record<string, string>>,
  ): Promise<void> {
    return this.#deps.audit.record({
      actor: `${kind}:${id}`,
      action,
      instanceId: null,
      subject: null,
      outcome: "ok",
      requestId,
      detail,
    });
  }

  #endWatched(isEnded: (session: SignInSession) => boolean): void {
    for (const { session, end } of this.#watched) {
      if (isEnded(session)) end();
    }
  }

  /**
   * Keeps an eye on a session of which something stays open: that it is open is no use of the session.
   *
   * @param end is called when it has been signed out of, here or in another process, or has run out
   * @returns how to stop
   */
  watch(session: SignInSession, end: () => void): () => void {
    const { store, time } = this.#deps;
    const lastEnd = session.createdAt + SIGN_IN_SECONDS * 1_000;
    let { seenAt } = session;
    let cancel = () => {};
    const stop = () => {
      cancel();
      this.#watched.delete(watched);
    };
    const watched: Watched = {
      session,
      end: () => {
        stop();
        end();
      },
    };
    const look = async () => {
      const now = time.now();
      try {
        seenAt = (await store.lastSeen(session.csrfToken, now)) ?? 0;
      } catch {
        // What is not known does not lengthen it.
      }
      if (!this.#watched.has(watched)) return;
      if (now >= lastEnd || seenAt + IDLE_MS <= now) return watched.end();
      cancel = time.after(LOOK_MS, () => void look());
    };
    this.#watched.add(watched);
    cancel = time.after(LOOK_MS, () => void look());
    return stop;
  }

  #hash(secret: string): Promise<string> {
    return hexDigest(this.#deps.sha256, secret);
  }
}
