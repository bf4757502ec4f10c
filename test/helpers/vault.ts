import { onTestFinished } from "vitest";
import { systemTime } from "../../adapters/node/runtime.ts";
import {
  createMemoryCredentialDriver,
  createMemoryVaultStore,
  createScrubber,
  openVault,
  type AuditRecord,
  type AuditSink,
  type MasterKeyProvider,
  type OpenedVault,
  type OpenVaultDeps,
  type OwnerVault,
  type Vault,
  type VaultActor,
} from "../../src/index.ts";
import { createRecordingLogger, type LogRecord } from "./logger.ts";

export const TEST_ACTOR: VaultActor = { actor: "system", requestId: null };

/** Where a vault's data lies, so that it can be opened again. */
export interface VaultPlace extends Pick<OpenVaultDeps, "store" | "driver"> {
  readonly masterKeys: TestMasterKeys;
}

export interface TestVault extends OpenedVault {
  readonly place: VaultPlace;
  readonly sink: RecordingSink;
  readonly logs: readonly LogRecord[];
  readonly deps: OpenVaultDeps;
}

/** A place in memory where no vault has been yet. */
export function createVaultPlace(): VaultPlace {
  return {
    store: createMemoryVaultStore(),
    driver: createMemoryCredentialDriver(),
    masterKeys: createTestMasterKeys(),
  };
}

/** A place where a vault has been: it has `value` as the credential `key` of `one`, for everybody. */
export async function createUsedVaultPlace(): Promise<VaultPlace> {
  const place = createVaultPlace();
  const { vault, close } = await openTestVault(place);
  await vault.for("shared", TEST_ACTOR).storeCredential("one", "key", "value");
  await close();
  return place;
}

/** A vault in memory, or in a place that is given. It is closed when the test ends, if not before. */
export async function openTestVault(options: Partial<OpenVaultDeps> = {}): Promise<TestVault> {
  const sink = createRecordingSink();
  const logger = createRecordingLogger();
  const deps: OpenVaultDeps = {
    ...createVaultPlace(),
    auditSinks: [sink],
    scrubber: createScrubber(),
    time: systemTime,
    logger,
    ...options,
  };
  const opened = await openVault(deps);
  onTestFinished(() => opened.close());
  const place = {
    store: deps.store,
    driver: deps.driver,
    masterKeys: deps.masterKeys as TestMasterKeys,
  };
  return { ...opened, place, sink, logs: logger.records, deps };
}

export interface RecordingSink extends AuditSink {
  readonly records: readonly AuditRecord[];
  /** While it is set, every `append` throws it. */
  failure: Error | null;
}

/** Takes records and cannot be read back. */
export function createRecordingSink(name = "recording"): RecordingSink {
  const records: AuditRecord[] = [];
  const known = new Set<string>();
  return {
    name,
    records,
    failure: null,
    async append(group) {
      if (this.failure !== null) throw this.failure;
      for (const record of group) {
        const place = `${record.chain} ${record.seq}`;
        if (!known.has(place)) records.push(record);
        known.add(place);
      }
    },
  };
}

export interface TestMasterKeys extends MasterKeyProvider {
  readonly rotation: NonNullable<MasterKeyProvider["rotation"]>;
  /** What it holds, as it is. */
  readonly held: { current: Uint8Array; next: Uint8Array | null };
}

/** Holds keys as a file would: the current one and, during a rotation, the next. */
export function createTestMasterKeys(current = testKey()): TestMasterKeys {
  const held: TestMasterKeys["held"] = { current, next: null };
  return {
    held,
    current: async () => held.current.slice(),
    others: async () => (held.next === null ? [] : [held.next.slice()]),
    rotation: {
      async prepare() {
        held.next ??= testKey();
        return held.next.slice();
      },
      async finish(expected) {
        if (held.next?.join() === expected.join()) {
          held.current = held.next;
          held.next = null;
        }
        return held.current.join() === expected.join();
      },
    },
  };
}

/** As where the environment holds the key. */
export function createFixedMasterKeys(
  current: Uint8Array,
  ...others: readonly Uint8Array[]
): MasterKeyProvider {
  return {
    current: async () => current.slice(),
    others: async () => others.map((key) => key.slice()),
  };
}

export function testKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** The code of the error that each of them ends with; `null` for one that does not fail. */
export async function codesOf(attempts: readonly Promise<unknown>[]): Promise<(string | null)[]> {
  const ends = await Promise.allSettled(attempts);
  return ends.map((end) =>
    end.status === "fulfilled" ? null : String((end.reason as { code?: unknown }).code),
  );
}

/** A vault in which nothing can be stored while the disk is full. */
export function withFullDisk(vault: Vault, disk: { readonly isFull: boolean }): Vault {
  return beforeStoring(vault, () => {
    if (disk.isFull) throw new Error("The disk is full.");
  });
}

/** A vault whose user stands still before storing anything, until the gate opens. */
export function withGate(
  vault: Vault,
  gate: { isReached: boolean; readonly opened: PromiseWithResolvers<void> },
): Vault {
  return beforeStoring(vault, () => {
    gate.isReached = true;
    return gate.opened.promise;
  });
}

function beforeStoring(vault: Vault, act: () => void | Promise<void>): Vault {
  return aroundStoring(vault, async (store) => {
    await act();
    return store();
  });
}

/** A vault whose user does something else, too, whenever it stores something. */
export function aroundStoring(
  vault: Vault,
  around: (store: () => Promise<unknown>) => Promise<unknown>,
): Vault {
  return {
    ...vault,
    reserved(owner, actor) {
      const own = vault.reserved(owner, actor);
      return new Proxy(own, {
        get(_, name: keyof OwnerVault) {
          return async (...args: unknown[]) => {
            const work = async () => Reflect.apply(own[name], own, args) as unknown;
            return name === "storeCredentialBytes" ? around(work) : work();
          };
        },
      });
    },
  };
}
