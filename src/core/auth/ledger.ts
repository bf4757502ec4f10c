import type { Ledger, LedgerChange, LedgerEntry, Owner, VaultStore } from "../../types/vault.ts";
import { fromBase64Url, lengthPrefixed, toBase64Url } from "../../util/bytes.ts";
import { sleep } from "../../util/sleep.ts";
import type { Time } from "../../types/runtime.ts";
import { unreadableLedger } from "./vault-faults.ts";

const VERSION = "l1";
const LABEL = "mcp-plugin-server.ledger";
/** A store that is read from a copy may be behind for a moment. */
const STALE_WAITS_MS = [0, 50, 200, 800];

/** An instance's ledger, checked. */
export interface OpenLedger {
  readonly instanceId: string;
  readonly version: number;
  find(owner: Owner, name: string): LedgerEntry | null;
  entries(): readonly LedgerEntry[];
}

export type Change = Pick<LedgerChange, "put" | "sealed" | "remove">;

/** The ledgers of all instances, each read again only when its version is another. */
export class Ledgers {
  readonly #store: VaultStore;
  readonly #key: CryptoKey;
  readonly #time: Time;
  readonly #known = new Map<string, KnownLedger>();
  readonly #loading = new Map<string, Promise<KnownLedger>>();

  /** @param key for HMAC-SHA-256 */
  constructor(store: VaultStore, key: CryptoKey, time: Time) {
    this.#store = store;
    this.#key = key;
    this.#time = time;
  }

  /**
   * As the ledger stands, empty when there is none.
   *
   * @throws AppError `CREDENTIAL_UNREADABLE` when somebody else than a vault with this key has changed it
   */
  async current(instanceId: string): Promise<OpenLedger> {
    const version = await this.#store.ledgerVersion(instanceId);
    const known = this.#known.get(instanceId);
    return known?.version === version ? known : this.#load(instanceId);
  }

  /** Makes one change; `false` when the ledger is another by now. */
  async commit(from: OpenLedger, change: Change): Promise<boolean> {
    const { instanceId, version } = from;
    const next = new KnownLedger({ instanceId, version: version + 1, entries: from.entries() });
    next.apply(change);
    const seal = await sealLedger(this.#key, next);
    if (!(await this.#store.commit({ instanceId, from: version, seal, ...change }))) return false;
    this.#keep(next);
    return true;
  }

  async #load(instanceId: string): Promise<KnownLedger> {
    const loading = this.#loading.get(instanceId);
    if (loading !== undefined) return loading;
    const load = this.#read(instanceId).finally(() => this.#loading.delete(instanceId));
    this.#loading.set(instanceId, load);
    return load;
  }

  async #read(instanceId: string): Promise<KnownLedger> {
    for (const wait of STALE_WAITS_MS) {
      if (wait > 0) await sleep(this.#time, wait);
      const stored = await this.#store.ledger(instanceId);
      const ledger = new KnownLedger(stored ?? { instanceId, version: 0, entries: [] });
      if (ledger.version < (this.#known.get(instanceId)?.version ?? 0)) continue;
      if (stored !== null && !(await isSealed(this.#key, stored.seal, ledger))) {
        throw unreadableLedger(instanceId, "its seal is wrong");
      }
      return this.#keep(ledger);
    }
    throw unreadableLedger(instanceId, "it is older than it was");
  }

  /** Never an older one in the place of a newer: that is how a ledger that was put back shows. */
  #keep(ledger: KnownLedger): KnownLedger {
    const known = this.#known.get(ledger.instanceId);
    if (known !== undefined && known.version > ledger.version) return known;
    this.#known.set(ledger.instanceId, ledger);
    return ledger;
  }
}

class KnownLedger implements OpenLedger {
  readonly instanceId: string;
  readonly version: number;
  readonly #entries = new Map<string, LedgerEntry>();

  constructor({ instanceId, version, entries }: Omit<Ledger, "seal">) {
    this.instanceId = instanceId;
    this.version = version;
    for (const entry of entries) this.#entries.set(placeOf(entry), entry);
  }

  find(owner: Owner, name: string): LedgerEntry | null {
    return this.#entries.get(placeOf({ owner, name })) ?? null;
  }

  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  apply({ put, remove }: Change): void {
    if (put) this.#entries.set(placeOf(put), put);
    if (remove) this.#entries.delete(placeOf(remove));
  }
}

/** No owner and no name has a space. */
function placeOf({ owner, name }: Pick<LedgerEntry, "owner" | "name">): string {
  return `${owner} ${name}`;
}

async function sealLedger(key: CryptoKey, ledger: OpenLedger): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", key, canonicalBytes(ledger));
  return `${VERSION}.${toBase64Url(new Uint8Array(mac))}`;
}

async function isSealed(key: CryptoKey, seal: string, ledger: OpenLedger): Promise<boolean> {
  const [version, body = "", ...rest] = seal.split(".");
  const mac = fromBase64Url(body);
  if (version !== VERSION || rest.length > 0 || mac === null) return false;
  return crypto.subtle.verify("HMAC", key, mac, canonicalBytes(ledger));
}

function canonicalBytes(ledger: OpenLedger): Uint8Array<ArrayBuffer> {
  const entries = ledger
    .entries()
    .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
    .flatMap(({ owner, name, sequence, keyId, tag, createdAt, updatedAt }) => [
      owner,
      name,
      `${sequence}`,
      keyId,
      tag,
      `${createdAt}`,
      `${updatedAt}`,
    ]);
  return lengthPrefixed([LABEL, VERSION, ledger.instanceId, `${ledger.version}`, ...entries]);
}
