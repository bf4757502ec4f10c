import {
  createAuditLog,
  createMemoryAudit,
  type AuditAnchor,
  type AuditEntry,
  type AuditHead,
  type AuditLogDeps,
  type AuditRecord,
  type AuditStore,
  type Scrubber,
} from "../../src/index.ts";
import { createChainKey } from "../../src/core/audit/chain-key.ts";
import { createFakeTime } from "./fake-time.ts";
import { createRecordingLogger } from "./logger.ts";

export const AUDIT_KEY = new Uint8Array(32).fill(7);
export const auditKey = createChainKey(AUDIT_KEY);

export const NO_SECRETS: Scrubber = {
  learn: () => null,
  knows: () => false,
  scrub: (text) => text,
  isEmpty: true,
};

export const auditEntry = (fields: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: "plugin:one",
  action: "credential.read",
  instanceId: "one",
  subject: "shared/api_key",
  outcome: "ok",
  requestId: "r-1",
  detail: { sequence: 1 },
  ...fields,
});

/** A store that can be told to fail, and that counts its groups. */
export function createFaultyStore(name: string, fields: Partial<AuditStore> = {}) {
  const inner = createMemoryAudit(name);
  const store = {
    ...inner,
    ...fields,
    fault: null as Error | null,
    cutFault: null as Error | null,
    /** What it takes although it says that it failed. */
    takes: 0,
    groups: [] as number[],
    async append(records: readonly AuditRecord[]) {
      if (store.fault !== null) {
        await inner.append(records.slice(0, store.takes));
        throw store.fault;
      }
      await inner.append(records);
      store.groups.push(records.length);
    },
    async cut(chain: string) {
      if (store.cutFault !== null) throw store.cutFault;
      await inner.cut(chain);
    },
  };
  return store;
}

export function createMemoryAnchor(name = "anchor") {
  const heads = new Map<string, AuditHead>();
  const anchor = {
    name,
    fault: null as Error | null,
    calls: 0,
    async anchor(head: AuditHead) {
      anchor.calls++;
      if (anchor.fault !== null) throw anchor.fault;
      heads.set(head.chain, head);
    },
    heads: async () => [...heads.values()],
  } satisfies AuditAnchor & Record<string, unknown>;
  return anchor;
}

/** A log with a clock and a logger of its own, unless others are given. */
export function openLog(deps: Partial<AuditLogDeps> & Pick<AuditLogDeps, "sinks">) {
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const log = createAuditLog({
    key: AUDIT_KEY.slice(),
    scrubber: NO_SECRETS,
    time,
    logger,
    ...deps,
  });
  return { log, time, logger };
}

/** All that a store has, chain by chain. */
export async function allRecords(store: AuditStore): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (const { chain } of await store.heads()) records.push(...(await store.read(chain, 1, 1e6)));
  return records;
}

/** A chain of its own, as long as one wants, in an array. */
export function makeChain(chain: string, length: number): AuditRecord[] {
  let head: AuditHead = { chain, seq: 0, mac: auditKey.start(chain) };
  return Array.from({ length }, (_, index) => {
    const record = auditKey.link(
      auditEntry({ requestId: `r-${index}` }),
      head,
      1_700_000_000_000 + index,
    );
    head = record;
    return record;
  });
}
