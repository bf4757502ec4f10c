import type { OAuthDeparture, OAuthFlow, OAuthFlowStore } from "../../types/oauth.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import type { Owner } from "../../types/vault.ts";
import { fromBase64Url, toBase64Url, utf8 } from "../../util/bytes.ts";
import { hexDigest } from "../../util/hex-digest.ts";
import { LruMap } from "../../util/lru.ts";
import { isRandomToken, randomToken } from "../../util/ids.ts";

/** How long a person has, from the question to the provider's answer. */
const LIFETIME_MS = 10 * 60_000;
/** Links that are remembered to be given out once more. */
const MAX_BEGUN = 1_000;

export interface OAuthFlowsDeps {
  readonly store: OAuthFlowStore;
  readonly sha256: Sha256;
  readonly time: Time;
}

/** What somebody wants to connect. */
export interface NewFlow {
  readonly instanceId: string;
  readonly owner: Owner;
  readonly startedBy: string;
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
  readonly #begun = new LruMap<string, string>(MAX_BEGUN);

  constructor({ store, sha256, time }: OAuthFlowsDeps) {
    this.#store = store;
    this.#sha256 = sha256;
    this.#time = time;
  }

  /** Answers the handle. */
  async begin(flow: NewFlow): Promise<string> {
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

  /** For those who ask with each call: the handle that they have, while nobody has gone on with it and it is good for a while. */
  async beginOnce(flow: NewFlow): Promise<string> {
    const key = `${flow.instanceId} ${flow.startedBy} ${flow.owner}`;
    const known = this.#begun.get(key);
    const same = known === undefined ? null : await this.find(known);
    const isFresh = same !== null && same.expiresAt - this.#time.now() > LIFETIME_MS / 2;
    if (isFresh && same.departure === null) return known!;
    const handle = await this.begin(flow);
    this.#begun.set(key, handle);
    return handle;
  }

  /** `null` for one that never was, has ended or is too old. */
  async find(handle: string): Promise<OAuthFlow | null> {
    if (!isRandomToken(handle)) return null;
    return this.#store.find(await this.#hash(handle), this.#time.now());
  }

  /** @param browser what its cookie has, if it has one already: other flows of the same browser go on */
  async prepare(browser: string | null): Promise<Departure> {
    const own = browser !== null && isRandomToken(browser) ? browser : randomToken("");
    const state = randomToken("");
    return { state, browser: own, codeVerifier: await verifierOf(own, state) };
  }

  /** From now on the provider's answer counts. */
  async depart(
    { handleHash }: OAuthFlow,
    { state, browser }: Departure,
    {
      client,
      ...to
    }: Pick<OAuthDeparture, "departedBy" | "keyReference" | "issuer" | "scope" | "redirectUri"> & {
      /** What the client and its server are called, as in `clientOf`. */
      readonly client: string;
    },
  ): Promise<boolean> {
    return this.#store.depart(handleHash, {
      ...to,
      clientHash: await this.#hash(client),
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
    if (browser === null || !isRandomToken(browser) || !isRandomToken(state)) return null;
    const arrival = {
      instanceId,
      stateHash: await this.#hash(state),
      browserHash: await this.#hash(browser),
    };
    const flow = await this.#store.arrive(arrival, this.#time.now());
    return flow && { flow, codeVerifier: await verifierOf(browser, state) };
  }

  /** Whether a flow has departed with that client, to that server. */
  async isOf(departure: OAuthDeparture, client: string): Promise<boolean> {
    return departure.clientHash === (await this.#hash(client));
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
