import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "../../../src/index.ts";
import type { CredentialDriver, CredentialId } from "../../../src/index.ts";
import { systemTime } from "../runtime.ts";
import { withCache } from "./cached.ts";
import { CLOUD_LIMITS, withinMs, type CloudLimits } from "./cloud-call.ts";
import {
  decodeCloudRecord,
  digestOf,
  encodeCloudRecord,
  partHashes,
  splitText,
  type CloudRecord,
} from "./cloud-record.ts";
import { NameQueues } from "./name-queues.ts";
import { assertId, assertSealed, hashOf } from "./record-name.ts";

/**
 * Secrets of a cloud by name. Each call may take as long as the signal lets it, and throws AppError `VAULT_UNAVAILABLE` for
 * what the cloud cannot or will not do.
 */
export interface SecretStore {
  readonly kind: "aws" | "azure";
  /** What messages call it. */
  readonly service: string;
  /** How many bytes one secret takes. */
  readonly maxBytes: number;
  /** @param hash SHA-256 in hex */
  nameOf(instanceId: string, hash: string): string;
  get(name: string, signal: AbortSignal): Promise<string | null>;
  /** Also under a name that was deleted and can be recovered. */
  set(name: string, value: string, instanceId: string, signal: AbortSignal): Promise<void>;
  /** Also of one that is not there, or that was deleted and can be recovered. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** What all drivers of a cloud may be told. */
export interface CloudOptions {
  /** What all names begin with; `mcp-plugin-server` for `null`. Servers that share a store need one each. */
  readonly prefix: string | null;
  readonly limits?: CloudLimits;
  /** How long a record is remembered, in milliseconds; see `withCache`. A minute when left out. */
  readonly cacheMs?: number;
}

const DEFAULT_PREFIX = "mcp-plugin-server";
/** A cloud is asked for the same record once a minute at most: it takes long, and costs money. */
const CACHE_MS = 60_000;
/** Enough for the vault's largest record. */
const MAX_SEALED_CHARS = 256 * 1024;
/** Another process may put a record in the place of the one that is being read. */
const ATTEMPTS = 4;
const BETWEEN_ATTEMPTS_MS = 100;

/**
 * Sealed credentials as secrets of a cloud, one each; one that is larger than a secret lies in several, which are written
 * before the one that names them and removed after it.
 *
 * Two processes that store the same credential of that size at the same moment may leave parts behind of which nothing knows:
 * sealed, and paid for.
 */
export function createCloudDriver(
  createStore: (prefix: string) => SecretStore,
  { prefix, limits = CLOUD_LIMITS, cacheMs = CACHE_MS }: CloudOptions,
): CredentialDriver {
  const driver = createUncached(createStore(prefix ?? DEFAULT_PREFIX), limits);
  return withCache(driver, { time: systemTime, maxAgeMs: cacheMs });
}

function createUncached(store: SecretStore, limits: CloudLimits): CredentialDriver {
  const queues = new NameQueues();
  const nameOf = (id: CredentialId) => store.nameOf(id.instanceId, hashOf(id));
  const partNames = (id: CredentialId, record: CloudRecord) =>
    partHashes(id, record).map((hash) => store.nameOf(id.instanceId, hash));

  const find = async (id: CredentialId, signal: AbortSignal): Promise<CloudRecord | null> => {
    const text = await store.get(nameOf(id), signal);
    return text === null ? null : decodeCloudRecord(id, text);
  };
  const readWhole = async (id: CredentialId, signal: AbortSignal): Promise<string | null> => {
    for (let attempt = 1; ; attempt++) {
      const text = await store.get(nameOf(id), signal);
      if (text === null) return null;
      const record = decodeCloudRecord(id, text);
      const sealed = record === null ? null : await joinParts(id, record, signal);
      if (sealed !== null) return sealed;
      if (record === null || attempt === ATTEMPTS) throw damaged(store, nameOf(id));
      await pause(BETWEEN_ATTEMPTS_MS * attempt, undefined, { signal });
    }
  };
  const joinParts = async (id: CredentialId, record: CloudRecord, signal: AbortSignal) => {
    if ("sealed" in record) return record.sealed;
    const parts = await Promise.all(partNames(id, record).map((name) => store.get(name, signal)));
    const sealed = parts.join("");
    return digestOf(sealed) === record.digest ? sealed : null;
  };
  const replace = async (id: CredentialId, sealed: string, signal: AbortSignal) => {
    const before = await find(id, signal);
    const { instanceId } = id;
    const { record, parts } = divide(id, sealed, store.maxBytes);
    const names = partNames(id, record);
    for (const [index, name] of names.entries()) {
      await store.set(name, parts[index] ?? "", instanceId, signal);
    }
    await store.set(nameOf(id), encodeCloudRecord(id, record), instanceId, signal);
    const superseded = before === null ? [] : partNames(id, before);
    for (const name of superseded.filter((old) => !names.includes(old))) {
      // The new record is there, which counts. What stays of the old one is sealed.
      await store.remove(name, signal).catch(() => {});
    }
  };
  const removeAll = async (id: CredentialId, signal: AbortSignal) => {
    const before = await find(id, signal);
    // The secret that names the parts goes last, so that who was interrupted can begin again.
    for (const name of before === null ? [] : partNames(id, before)) {
      await store.remove(name, signal);
    }
    await store.remove(nameOf(id), signal);
  };
  const change = (id: CredentialId, work: (signal: AbortSignal) => Promise<void>) =>
    queues.run(nameOf(id), () => withinMs(limits.changeMs, store.service, work));

  return {
    kind: store.kind,
    async read(id) {
      assertId(id);
      return withinMs(limits.readMs, store.service, (signal) => readWhole(id, signal));
    },
    async write(id, sealed) {
      assertId(id);
      assertSealed(sealed, MAX_SEALED_CHARS);
      await change(id, (signal) => replace(id, sealed, signal));
    },
    async remove(id) {
      assertId(id);
      await change(id, (signal) => removeAll(id, signal));
    },
    async close() {
      await queues.idle();
      store.close();
    },
  };
}

function divide(
  id: CredentialId,
  sealed: string,
  maxBytes: number,
): { readonly record: CloudRecord; readonly parts: readonly string[] } {
  if (Buffer.byteLength(encodeCloudRecord(id, { sealed })) <= maxBytes) {
    return { record: { sealed }, parts: [] };
  }
  const parts = splitText(sealed, maxBytes);
  return { record: { parts: parts.length, digest: digestOf(sealed) }, parts };
}

function damaged({ service }: SecretStore, name: string): AppError {
  return new AppError(
    "CREDENTIAL_UNREADABLE",
    `The secret ${name} in ${service} is damaged, not whole, or holds another credential.`,
  );
}
