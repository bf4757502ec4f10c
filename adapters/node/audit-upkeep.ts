import { messageOf, type AuditTrail, type Logger, type Time } from "../../src/index.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

export interface AuditUpkeepDeps {
  readonly audit: Pick<AuditTrail, "recover" | "prune">;
  /** Days that records are kept; `null` for ever. */
  readonly keepDays: number | null;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Looks after the audit record beside everything else: at once, it brings records of processes that died to where all are;
 * then, and daily, it takes away what is older than it is kept. What fails is in the log. Answers how to end it.
 */
export function tendAudit({ audit, keepDays, time, logger }: AuditUpkeepDeps): () => Promise<void> {
  let isEnded = false;
  let cancel = () => {};
  const quietly = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      logger.warn(`The audit record could not be ${what}`, { error: messageOf(error) });
    }
  };
  const prune = async (days: number): Promise<void> => {
    if (isEnded) return;
    await quietly("cut", () => audit.prune(time.now() - days * DAY_MS));
    cancel = time.after(DAY_MS, () => {
      work = prune(days);
    });
    if (isEnded) cancel();
  };
  const begin = async () => {
    await quietly("completed", () => audit.recover());
    if (keepDays !== null) await prune(keepDays);
  };
  let work = begin();
  return async () => {
    isEnded = true;
    cancel();
    await work;
  };
}
