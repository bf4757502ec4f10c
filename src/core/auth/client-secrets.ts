import type { Sha256 } from "../../types/runtime.ts";
import type { Vault, VaultActor } from "../../types/vault.ts";
import { canonicalJson } from "../../util/canonical-json.ts";
import { hexDigest } from "../../util/hex-digest.ts";
import type { OAuthClientSpec } from "./oauth-client.ts";
import { SYSTEM } from "./vault-audit.ts";

/** Before the server's hash, in the name of the operator's secret in the vault. */
const PREFIX = "$oauth.client_secret";
const HASH_CHARS = 32;

/** What says where a client's secret is sent. */
export type SecretPlace = Pick<OAuthClientSpec, "instanceId" | "declared" | "settings">;

export interface ClientSecretsDeps {
  readonly vault: Vault;
  readonly sha256: Sha256;
}

/**
 * The secrets that operators have stored for clients at providers. Each is for the server that the instance named when it was
 * stored, and that stands in its name: a plugin that names another one later does not get it there.
 */
export interface ClientSecrets {
  /** The bytes, for the caller to zero; `elsewhere` when there is one for another server, `null` when there is none. */
  find(place: SecretPlace): Promise<Uint8Array | "elsewhere" | null>;
  /** In the place of any other of the instance. @throws what the vault throws */
  store(place: SecretPlace, secret: string, actor: VaultActor): Promise<void>;
}

export function createClientSecrets({ vault, sha256 }: ClientSecretsDeps): ClientSecrets {
  // The client is the instance's, whoever connects an account with it.
  const own = vault.reserved("shared", SYSTEM);
  const nameFor = async (place: SecretPlace) =>
    `${PREFIX}.${(await hexDigest(sha256, whereTo(place))).slice(0, HASH_CHARS)}`;
  return {
    async find(place) {
      const { instanceId } = place;
      const name = await nameFor(place);
      const found = await own.useCredential(instanceId, name, (bytes) => bytes.slice());
      if (found !== null) return found.value;
      const names = await own.listCredentials(instanceId);
      return names.some((other) => other.startsWith(PREFIX)) ? "elsewhere" : null;
    },
    async store(place, secret, actor) {
      const { instanceId } = place;
      const theirs = vault.reserved("shared", actor);
      const name = await nameFor(place);
      await theirs.storeCredential(instanceId, name, secret);
      for (const other of await theirs.listCredentials(instanceId)) {
        if (other === name || !other.startsWith(PREFIX)) continue;
        await theirs.deleteCredential(instanceId, other);
      }
    },
  };
}

/** The id is left out: another one at the same server shows the secret to nobody new. */
function whereTo({ declared: { provider, urls }, settings: { baseUrl, tenant } }: SecretPlace) {
  const { issuer, token, revocation } = urls ?? {};
  return canonicalJson(
    [provider, issuer, token, revocation, baseUrl, tenant].map((part) => part ?? null),
  );
}
