import { AppError } from "../errors.ts";
import type { HostServices } from "../types/host.ts";
import type { Outbound } from "../types/outbound.ts";
import type { Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { Owner, OwnerVault, Vault, VaultActor } from "../types/vault.ts";
import { utf8 } from "../util/bytes.ts";
import { assertCredentialName, assertCredentialValue } from "../util/credential-names.ts";
import { uuidv7 } from "../util/ids.ts";
import { checkJwtRequest } from "../util/jwt-request.ts";
import { signJwt } from "../util/jwt-signer.ts";
import type { PluginAccount } from "./auth/plugin-accounts.ts";
import { learnTokens } from "./auth/token-keeper.ts";
import { toPluginToken } from "./auth/token-record.ts";
import { CallsUnderWay } from "./calls-under-way.ts";
import { createPluginFetch } from "./outbound/plugin-fetch.ts";
import { OwnWrites } from "./own-writes.ts";

/** The services of a plugin object; its lifecycle adds the logger and the change notices. */
export type BoundServices = Omit<HostServices, "changed" | "resourceUpdated" | "logger">;

/** What the server does for one plugin object, and what it remembers of that. */
export interface PluginDesk {
  readonly services: BoundServices;
  readonly underWay: CallsUnderWay;
  readonly ownWrites: OwnWrites;
  /** Knows every secret that the object was handed; what its plugin calls a plain text is none. */
  readonly handedOut: Scrubber;
}

export interface PluginDeskDeps {
  readonly instanceId: string;
  /** Whose credentials they are; `null` for an object that has none. Asked at each use. */
  readonly ownerOf: () => Owner | null;
  /** Whether a credential of that name must be in no answer. */
  readonly isSecret: (name: string) => boolean;
  readonly vault: Vault;
  /** An owner's account; `null` where the plugin declares none. */
  readonly accountOf: (owner: Owner) => PluginAccount | null;
  readonly outbound: Outbound;
  readonly createScrubber: () => Scrubber;
  readonly time: Time;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What the server does for one plugin object. It closes over instance and owner, so that no plugin can name another's. */
export function createDesk({
  instanceId,
  ownerOf,
  isSecret,
  vault,
  accountOf,
  outbound,
  createScrubber,
  time,
}: PluginDeskDeps): PluginDesk {
  const underWay = new CallsUnderWay();
  const ownWrites = new OwnWrites();
  const handedOut = createScrubber();
  /** The token that the plugin got last. */
  let lastToken: string | null = null;
  const actor: VaultActor = {
    actor: `plugin:${instanceId}`,
    requestId: null,
    detail: () => underWay.toDetail(),
  };
  const own = (): OwnerVault | null => {
    const owner = ownerOf();
    return owner === null ? null : vault.for(owner, actor);
  };
  const account = (): PluginAccount | null => {
    const owner = ownerOf();
    return owner === null ? null : accountOf(owner);
  };
  const myAccount = (): PluginAccount => {
    const found = account();
    if (found !== null) return found;
    throw new AppError("NOT_CONNECTED", `No account is connected to "${instanceId}".`);
  };
  const mine = (): OwnerVault => {
    const credentials = own();
    if (credentials !== null) return credentials;
    throw new AppError(
      "CREDENTIAL_INVALID",
      `The credentials of "${instanceId}" belong to its users: it has some only in their calls.`,
    );
  };
  const services: BoundServices = {
    async getCredential(key) {
      assertCredentialName(key);
      const found = await own()?.useCredential(instanceId, key, (secret) => {
        if (isSecret(key)) handedOut.learn(secret);
        return decoder.decode(secret);
      });
      return found?.value ?? null;
    },
    async setCredential(key, value) {
      assertCredentialName(key);
      assertCredentialValue(value);
      const secret = utf8(value);
      if (isSecret(key)) handedOut.learn(secret);
      const credentials = mine();
      await ownWrites.run(key, () => credentials.storeCredentialBytes(instanceId, key, secret));
    },
    async signJwt(request) {
      const now = time.now();
      const jwt = checkJwtRequest(request, now, uuidv7(now));
      const signed = await mine().useCredential(
        instanceId,
        jwt.key,
        (secret) => signJwt(jwt, secret),
        "credential.sign",
      );
      if (signed !== null) {
        // Whoever has it is the plugin for as long as it is good.
        handedOut.learn(utf8(signed.value));
        return signed.value;
      }
      throw new AppError(
        "CREDENTIAL_NOT_FOUND",
        `Nobody has stored the credential "${jwt.key}" of "${instanceId}".`,
      );
    },
    async getAccessToken() {
      const token = await myAccount().token(actor);
      learnTokens(handedOut, token);
      return (lastToken = token.accessToken);
    },
    isAuthenticated: async () => (await account()?.isConnected()) ?? false,
    async getTokenInfo() {
      const token = await account()?.tokenOrNull(actor);
      if (token === null || token === undefined) return null;
      learnTokens(handedOut, token);
      lastToken = token.accessToken;
      return toPluginToken(token);
    },
    requireReauth: async (refused) => myAccount().requireReauth(refused ?? lastToken),
    fetch: createPluginFetch(outbound),
  };
  return { services, underWay, ownWrites, handedOut };
}
