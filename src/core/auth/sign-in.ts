import type { Principal } from "../../types/principal.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import type { SignInStore } from "../../types/sign-in.ts";

import { toHex, utf8 } from "../../util/bytes.ts";
import { randomToken } from "../../util/ids.ts";
import type { Authenticator } from "./authenticator.ts";

/** A working day. */
export const SIGN_IN_SECONDS = 12 * 60 * 60;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

export interface SignInsDeps {
  readonly store: SignInStore;
  /** A session stands on a token, and ends when that is replaced. */
  readonly keys: Pick<Authenticator, "referenceOf" | "principal">;
  readonly sha256: Sha256;
  readonly time: Time;
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
    const { store, keys, time } = this.#deps;
    const secret = randomToken("");
    const now = time.now();
    const expiresAt = now + SIGN_IN_SECONDS * 1_000;
    await store.add(
      {
        idHash: await this.#hash(secret),
        keyReference: keys.referenceOf(person) ?? "",
        createdAt: now,
        expiresAt,
      },
      now,
    );
    return secret;
  }

  /** Who has signed in with this browser. */
  async find(secret: string | null): Promise<Principal | null> {
    if (secret === null || !SECRET.test(secret)) return null;
    const { store, keys, time } = this.#deps;
    const session = await store.find(await this.#hash(secret), time.now());
    return session && keys.principal(session.keyReference);
  }

  async #hash(secret: string): Promise<string> {
    return toHex(await this.#deps.sha256(utf8(secret)));
  }
}
