import { messageOf } from "../../errors.ts";
import type { AuditAnchor, AuditHead, AuditRecord, AuditStore } from "../../types/audit.ts";
import { isChainId } from "./chain-id.ts";
import type { ChainKey } from "./chain-key.ts";
import { ChainCheck, type AuditFaultKind } from "./check-chain.ts";
import { heldHeads, latestCut } from "./open-chain.ts";
import { storedRecords } from "./stored-records.ts";

/** With more, what is wrong is not a matter of single records. */
const MAX_FAULTS = 1_000;
const PAUSE_EVERY = 1_000;
/** A central store has everything after a second; another process's may take as long again. */
const SECOND_LOOK_MS = 2_500;

export interface AuditFault {
  readonly kind: AuditFaultKind;
  /** The store or anchor that it concerns. */
  readonly store: string;
  /** Empty when it concerns all. */
  readonly chain: string;
  /** The first of `count` records; 0 for a whole chain. */
  readonly seq: number;
  readonly count: number;
  /** Who knows better, or why. */
  readonly reason: string;
}

export interface AuditVerification {
  readonly chains: number;
  /** Chains without an end: they are being written, or their process died. */
  readonly openChains: number;
  /** Records that are as they were written, counted in each store. */
  readonly records: number;
  readonly faults: readonly AuditFault[];
  /** Whether there are more faults than are named. */
  readonly hasMore: boolean;
}

export interface AuditVerifyOptions {
  readonly stores: readonly AuditStore[];
  readonly anchors: readonly AuditAnchor[];
  readonly key: ChainKey;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Waits so many milliseconds: lets others work meanwhile, and a store that is a second behind catch up. */
  readonly wait: (ms: number) => Promise<void>;
}

/** That a chain has a record, and who says so. */
interface Claim extends AuditHead {
  readonly by: string;
}

/**
 * Reads every record in every store and names all that is not as it was written. From the newest chain to the oldest: each
 * chain's first record says how far others were, so that nothing that a later one knows of can be cut away unseen.
 */
export async function verifyAudit(options: AuditVerifyOptions): Promise<AuditVerification> {
  return new Verification(options).run();
}

class Verification {
  readonly #options: AuditVerifyOptions;
  readonly #claims = new Map<string, Claim[]>();
  readonly #heads = new Map<AuditStore, Map<string, number>>();
  /** Chains that are still to be checked, oldest first, and all that ever were. */
  readonly #due: string[] = [];
  readonly #known = new Set<string>();
  #faults: AuditFault[] = [];
  #faultCount = 0;
  #cut = "";
  #records = 0;
  #done = 0;
  #total = 0;
  #openChains = 0;

  constructor(options: AuditVerifyOptions) {
    this.#options = options;
  }

  async run(): Promise<AuditVerification> {
    await this.#readHeads();
    let chains = 0;
    for (let chain = this.#due.pop(); chain !== undefined; chain = this.#due.pop()) {
      if (await this.#checkChain(chain)) chains++;
    }
    await this.#lookAgain();
    return {
      chains,
      openChains: this.#openChains,
      records: this.#records,
      faults: this.#faults,
      hasMore: this.#faultCount > MAX_FAULTS,
    };
  }

  async #readHeads(): Promise<void> {
    const { stores, anchors, key } = this.#options;
    for (const store of stores) {
      const heads = await this.#tell(store.name, "", () => store.heads());
      const having = (heads ?? []).filter(({ chain }) => this.#isChain(store.name, chain));
      this.#heads.set(store, new Map(having.map(({ chain, seq }) => [chain, seq])));
      for (const { chain, seq } of having) {
        this.#expect(chain);
        this.#total += seq;
        const record = (await this.#tell(store.name, chain, () => store.read(chain, seq, 1)))?.[0];
        const isTrue = record !== undefined && record.chain === chain && key.isAuthentic(record);
        // What somebody made up says nothing of what others lack.
        if (isTrue) this.#claim({ chain, seq: record.seq, mac: record.mac, by: store.name });
      }
    }
    for (const anchor of anchors) {
      const heads = await this.#tell(anchor.name, "", () => anchor.heads());
      for (const { chain, seq, mac } of heads ?? []) {
        if (this.#isChain(anchor.name, chain)) this.#claim({ chain, seq, mac, by: anchor.name });
      }
    }
  }

  #isChain(store: string, chain: string): boolean {
    if (isChainId(chain)) return true;
    const reason = "it is no chain's id";
    this.#fault({ kind: "inserted", store, chain, seq: 0, count: 1, reason });
    return false;
  }

  /** Answers whether the chain is somewhere. */
  async #checkChain(chain: string): Promise<boolean> {
    const { stores } = this.#options;
    const having = stores.filter((store) => this.#heads.get(store)!.has(chain));
    const openings: AuditRecord[] = [];
    let isEnded = false;
    for (const store of having) {
      const { opening, last } = await this.#checkIn(store, chain);
      if (opening !== null) openings.push(opening);
      isEnded ||= last?.action === "chain.close";
    }
    if (having.length > 0 && !isEnded) this.#openChains++;
    if (chain > this.#cut) this.#nameAbsence(chain, having, openings);
    return having.length > 0;
  }

  #nameAbsence(
    chain: string,
    having: readonly AuditStore[],
    openings: readonly AuditRecord[],
  ): void {
    const by = [...new Set((this.#claims.get(chain) ?? []).map((claim) => claim.by))].join(", ");
    const fault = { kind: "chain-missing", chain, seq: 0 } as const;
    const count = Math.max(0, ...(this.#claims.get(chain) ?? []).map(({ seq }) => seq));
    if (having.length === 0) {
      this.#fault({ ...fault, store: "all", count, reason: `${by} knows of it` });
      return;
    }
    const sinks = new Set(openings.flatMap(({ detail }) => detail["sinks"] as readonly string[]));
    for (const store of this.#options.stores.filter((other) => !having.includes(other))) {
      // A journal has the chains of its own machine alone.
      if (store.central !== true && !sinks.has(store.name)) continue;
      this.#fault({ ...fault, store: store.name, count, reason: `${by} has it` });
    }
  }

  async #checkIn(store: AuditStore, chain: string) {
    const { key } = this.#options;
    const claims = (this.#claims.get(chain) ?? []).filter(({ by }) => by !== store.name);
    const byOthers = claims.reduce<Claim | null>(
      (best, claim) => (best === null || claim.seq > best.seq ? claim : best),
      null,
    );
    const own = (this.#claims.get(chain) ?? []).find(({ by }) => by === store.name);
    let opening: AuditRecord | null = null;
    let last: AuditRecord | null = null;
    const check = new ChainCheck({
      chain,
      key,
      knownSeq: Math.max(byOthers?.seq ?? 0, own?.seq ?? 0),
      mayBeCut: chain <= this.#cut,
      onFault: (fault) =>
        this.#fault({
          ...fault,
          store: store.name,
          chain,
          reason: fault.kind === "tail-cut" ? `${byOthers?.by ?? ""} knows of more` : "",
        }),
      onRecord: (record) => {
        this.#records++;
        last = record;
        if (record.seq === 1) {
          opening = record;
          this.#learn(record);
        }
        for (const { seq, mac, by } of claims) {
          if (seq !== record.seq || mac === record.mac) continue;
          const reason = `${by} knows of another`;
          this.#fault({ kind: "differs", store: store.name, chain, seq, count: 1, reason });
        }
      },
    });
    await this.#tell(store.name, chain, async () => {
      for await (const item of storedRecords(store, chain)) {
        check.push(item);
        await this.#count();
      }
    });
    check.end();
    return { opening: opening as AuditRecord | null, last: last as AuditRecord | null };
  }

  /** What a chain's first record says of the chains before it. */
  #learn(opening: AuditRecord): void {
    for (const head of heldHeads(opening)) this.#claim({ ...head, by: `chain ${opening.chain}` });
    const cut = latestCut([opening]);
    if (cut > this.#cut) this.#cut = cut;
  }

  async #count(): Promise<void> {
    this.#done++;
    if (this.#done % PAUSE_EVERY !== 0) return;
    this.#options.onProgress?.({ done: Math.min(this.#done, this.#total), total: this.#total });
    await this.#options.wait(0);
  }

  /** What was written while this ran is in one store before it is in the other. */
  async #lookAgain(): Promise<void> {
    const late = this.#faults.filter(({ kind }) => kind === "tail-cut" || kind === "chain-missing");
    if (late.length === 0) return;
    await this.#options.wait(SECOND_LOOK_MS);
    const { stores, key } = this.#options;
    const isThere = async ({ store: name, chain, seq, count, kind }: AuditFault) => {
      const store = stores.find((other) => other.name === name);
      const lastSeq = kind === "tail-cut" ? seq + count - 1 : count;
      const [record] = (await store?.read(chain, lastSeq, 1).catch(() => [])) ?? [];
      return record?.chain === chain && record.seq === lastSeq && key.isAuthentic(record);
    };
    for (const fault of late) {
      if (!(await isThere(fault))) continue;
      this.#faults = this.#faults.filter((other) => other !== fault);
      this.#faultCount--;
    }
  }

  /** That there is a chain to check. Asked while chains are checked, too: an opening tells of chains that nobody has. */
  #expect(chain: string): void {
    if (this.#known.has(chain)) return;
    this.#known.add(chain);
    // From the end, where the chains are that an opening tells of.
    this.#due.splice(this.#due.findLastIndex((other) => other < chain) + 1, 0, chain);
  }

  #claim(claim: Claim): void {
    this.#expect(claim.chain);
    const claims = this.#claims.get(claim.chain) ?? [];
    this.#claims.set(claim.chain, claims);
    claims.push(claim);
  }

  async #tell<T>(store: string, chain: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      const reason = messageOf(error);
      this.#fault({ kind: "unreadable", store, chain, seq: 0, count: 1, reason });
      return null;
    }
  }

  #fault(fault: AuditFault): void {
    this.#faultCount++;
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(fault);
  }
}
