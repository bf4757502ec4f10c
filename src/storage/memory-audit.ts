import { AppError } from "../errors.ts";
import type { AuditRecord, AuditStore } from "../types/audit.ts";

/** Audit records in plain memory: they are gone with the process. */
export function createMemoryAudit(name = "memory"): AuditStore {
  const chains = new Map<string, Map<number, AuditRecord>>();
  const sorted = (chain: string) =>
    [...(chains.get(chain)?.values() ?? [])].toSorted((a, b) => a.seq - b.seq);
  return {
    name,
    async append(records) {
      for (const record of records) {
        const chain = chains.get(record.chain) ?? new Map<number, AuditRecord>();
        const stored = chain.get(record.seq);
        if (stored !== undefined && stored.mac !== record.mac) {
          throw new AppError("CONFLICT", `Another audit record has the place of ${record.seq}.`);
        }
      }
      for (const record of records) {
        const chain = chains.get(record.chain) ?? new Map<number, AuditRecord>();
        chains.set(record.chain, chain.set(record.seq, structuredClone(record)));
      }
    },
    chains: async () => [...chains.keys()].toSorted(),
    heads: async (from = "") =>
      [...chains.keys()]
        .filter((chain) => chain >= from)
        .toSorted()
        .map((chain) => {
          const { seq, mac } = sorted(chain).at(-1)!;
          return { chain, seq, mac };
        }),
    read: async (chain, fromSeq, limit) =>
      sorted(chain)
        .filter(({ seq }) => seq >= fromSeq)
        .slice(0, limit)
        .map((record) => structuredClone(record)),
    cut: async (chain) => void chains.delete(chain),
  };
}
