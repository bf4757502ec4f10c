import type { OAuthDeparture, OAuthFlow, OAuthFlowStore } from "../../types/oauth.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import type { Owner } from "../../types/vault.ts";
import { fromBase64Url, toBase64Url, utf8 } from "../../util/bytes.ts";
import { hexDigest } from "../../util/hex-digest.ts";
import { randomToken } from "../../util/ids.ts";

/** How long a person has, from the question to the provider's answer. */
const LIFETIME_MS = 10 * 60_000;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

export interface OAuthFlowsDeps {
  readonly store: OAuthFlowStore;
  readonly sha256: Sha256;
  readonly time: Time;
}

/** What a browser takes along to the provider. */
export interface Departure {
  readonly state: string;
  readonly codeVerifier: string;
  /** For the browser's cookie. */
  readonly browser: string;
}

/**
 * The ways of people to a provider and back. Two random values of 256 bits guard each: the handle, which is the address
 * that is opened, and the state, which the provider gives back. Both are kept as hashes. A third is in the browser's cookie
 * alone; the PKCE verifier is made of it and the state, so it is nowhere either.
 */
export class OAuthFlows {
  readonly #store: OAuthFlowStore;
  readonly #sha256: Sha256;
  readonly #time: Time;

  constructor({ store, sha256, time }: OAuthFlowsDeps) {
    this.#store = store;
    this.#sha256 = sha256;
    this.#time = time;
  }

  /** Answers the handle. */
  async begin(flow: {
    readonly instanceId: string;
    readonly owner: Owner;
    readonly startedBy: string;
  }): Promise<string> {
    const handle = randomToken("");
    const now = this.#time.now();
    await this.#store.add(
      {
        ...flow,
        handleHash: await this.#hash(handle),
        expiresAt: now + LIFETIME_MS,
        departure: null,
      },
      now,
    );
    return handle;
  }

  /** `null` for one that never was, has ended or is too old. */
  async find(handle: string): Promise<OAuthFlow | null> {
    if (!SECRET.test(handle)) return null;
    return this.#store.find(await this.#hash(handle), this.#time.now());
  }

  /** @param browser what its cookie has, if it has one already: other flows of the same browser go on */
  async prepare(browser: string | null): Promise<Departure> {
    const own = browser !== null && SECRET.test(browser) ? browser : randomToken("");
    const state = randomToken("");
    return { state, browser: own, codeVerifier: await verifierOf(own, state) };
  }

  /** From now on the provider's answer counts. */
  async depart(
    { handleHash }: OAuthFlow,
    { state, browser }: Departure,
    to: Pick<OAuthDeparture, "departedBy" | "issuer" | "scope" | "redirectUri">,
  ): Promise<boolean> {
    return this.#store.depart(handleHash, {
      ...to,
      stateHash: await this.#hash(state),
      browserHash: await this.#hash(browser),
    });
  }

  /** Once for each departure, and for nobody but the browser and the instance that departed. */
  async arrive(
    instanceId: string,
    state: string,
    browser: string | null,
  ): Promise<{ readonly flow: OAuthFlow; readonly codeVerifier: string } | null> {
    if (browser === null || !SECRET.test(browser) || !SECRET.test(state)) return null;
    const arrival = {
      instanceId,
      stateHash: await this.#hash(state),
      browserHash: await this.#hash(browser),
    };
    const flow = await this.#store.arrive(arrival, this.#time.now());
    return flow && { flow, codeVerifier: await verifierOf(browser, state) };
  }

  async end({ handleHash }: OAuthFlow): Promise<void> {
    await this.#store.remove(handleHash);
  }

  #hash(secret: string): Promise<string> {
    return hexDigest(this.#sha256, secret);
  }
}

/** 43 characters, as RFC 7636 has them. */
async function verifierOf(browser: string, state: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = fromBase64Url(browser)!;
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, utf8(`mcp-plugin-server.pkce.v1.${state}`));
  return toBase64Url(new Uint8Array(mac));
}
