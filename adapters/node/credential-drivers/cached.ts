import type { CredentialDriver, CredentialId, Time } from "../../../src/index.ts";

export interface CacheOptions {
  readonly time: Time;
  /** How long a record may be answered without asking the store, in milliseconds. */
  readonly maxAgeMs: number;
  /** Characters of all records together; the oldest go first. */
  readonly maxChars?: number;
}

interface Cached {
  readonly sealed: string;
  readonly at: number;
  /** The number of the read that brought it. */
  readonly read: number;
}

const MAX_CHARS = 4 * 1024 * 1024;

/**
 * A driver that remembers for a while what it read: sealed text alone, and nothing of what is not there. Reads of one record
 * at the same time share one request.
 *
 * What this process writes or removes it sees at once. What another process has written shows after `maxAgeMs` at the latest,
 * and to the vault at once: its ledger says that the remembered record is old, and it asks again with `fresh`.
 */
export function withCache(driver: CredentialDriver, options: CacheOptions): CredentialDriver {
  const { time, maxAgeMs, maxChars = MAX_CHARS } = options;
  const cached = new Map<string, Cached>();
  const underWay = new Map<string, Promise<string | null>>();
  let chars = 0;
  let reads = 0;
  /** Reads up to this number began before the last change ended: what they bring may be from before it. */
  let outdated = 0;

  const forget = (key: string) => {
    chars -= cached.get(key)?.sealed.length ?? 0;
    cached.delete(key);
  };
  const keep = (key: string, entry: Cached) => {
    if (entry.read <= outdated || entry.read < (cached.get(key)?.read ?? 0)) return;
    forget(key);
    cached.set(key, entry);
    chars += entry.sealed.length;
    for (const oldest of cached.keys()) {
      if (chars <= maxChars) break;
      forget(oldest);
    }
  };
  const ask = async (id: CredentialId, key: string, fresh: boolean) => {
    const read = ++reads;
    const at = time.now();
    const sealed = await driver.read(id, fresh);
    if (sealed === null) forget(key);
    else keep(key, { sealed, at, read });
    return sealed;
  };
  const askOnce = (id: CredentialId, key: string) => {
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const asked = ask(id, key, false).finally(() => {
      if (underWay.get(key) === asked) underWay.delete(key);
    });
    underWay.set(key, asked);
    return asked;
  };
  const change = async (id: CredentialId, work: () => Promise<void>) => {
    const key = keyOf(id);
    const invalidate = () => {
      forget(key);
      underWay.delete(key);
      outdated = reads;
    };
    invalidate();
    try {
      await work();
    } finally {
      invalidate();
    }
  };
  return {
    kind: driver.kind,
    async read(id, fresh = false) {
      const key = keyOf(id);
      if (fresh) return ask(id, key, true);
      const entry = cached.get(key);
      if (entry !== undefined && time.now() - entry.at < maxAgeMs) return entry.sealed;
      return askOnce(id, key);
    },
    write: (id, sealed) => change(id, () => driver.write(id, sealed)),
    remove: (id) => change(id, () => driver.remove(id)),
    async close() {
      cached.clear();
      chars = 0;
      await driver.close?.();
    },
  };
}

function keyOf({ owner, instanceId, name }: CredentialId): string {
  return JSON.stringify([owner, instanceId, name]);
}
