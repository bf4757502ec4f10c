import type { Principal } from "../../types/principal.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import type { SignInStore } from "../../types/sign-in.ts";
import { toHex, utf8 } from "../../util/bytes.ts";
import { randomToken } from "../../util/ids.ts";

/** A working day. */
export const SIGN_IN_SECONDS = 12 * 60 * 60;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

export interface SignInsDeps {
  readonly store: SignInStore;
  /** The administrators whose tokens are good now: a session ends with the token that it stands on. */
  readonly principals: (id: string) => Principal | null;
  readonly sha256: Sha256;
  readonly time: Time;
}

/** Sessions of people who have given an admin token to a page of ours. */
export class SignIns {
  readonly #deps: SignInsDeps;

  constructor(deps: SignInsDeps) {
    this.#deps = deps;
  }

  /** Answers the secret for the browser's cookie. */
  async begin({ id }: Principal): Promise<string> {
    const { store, time } = this.#deps;
    const secret = randomToken("");
    const now = time.now();
    const expiresAt = now + SIGN_IN_SECONDS * 1_000;
    await store.add(
      { idHash: await this.#hash(secret), principalId: id, createdAt: now, expiresAt },
      now,
    );
    return secret;
  }

  /** Who has signed in with this browser. */
  async find(secret: string | null): Promise<Principal | null> {
    if (secret === null || !SECRET.test(secret)) return null;
    const { store, principals, time } = this.#deps;
    const session = await store.find(await this.#hash(secret), time.now());
    return session && principals(session.principalId);
  }

  async #hash(secret: string): Promise<string> {
    return toHex(await this.#deps.sha256(utf8(secret)));
  }
}
