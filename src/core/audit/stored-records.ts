import type { AuditRecord, AuditStore, DamagedRecord } from "../../types/audit.ts";

const PAGE = 500;

/** All that a store has of a chain, page by page, also what has a number that no record can have. */
export async function* storedRecords(
  store: AuditStore,
  chain: string,
): AsyncIterable<AuditRecord | DamagedRecord> {
  if (store.scan !== undefined) {
    yield* store.scan(chain);
    return;
  }
  for (let from = Number.MIN_SAFE_INTEGER; ;) {
    const page = await store.read(chain, from, PAGE);
    yield* page;
    const last = page.findLast(({ seq }) => Number.isSafeInteger(seq))?.seq;
    if (page.length < PAGE || last === undefined || last === Number.MAX_SAFE_INTEGER) return;
    from = last + 1;
  }
}
