import { messageOf, type AuditTrail, type Logger, type Time } from "../../src/index.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long somebody has to take back what they have set. */
const SOON_MS = 10 * 60 * 1_000;

export interface AuditUpkeepDeps {
  readonly audit: Pick<AuditTrail, "recover" | "prune">;
  /** Days that records are kept; `null` for ever. */
  readonly keepDays: number | null;
  readonly time: Time;
  readonly logger: Logger;
}

export interface AuditUpkeep {
  /** Keeps records that long from now on. What is older then is taken away soon. */
  keepFor(days: number | null): void;
  end(): Promise<void>;
}

/**
 * Looks after the audit record beside everything else: at once, it brings records of processes that died to where all are;
 * then, and daily, it takes away what is older than it is kept. What fails is in the log.
 */
export function tendAudit({ audit, keepDays, time, logger }: AuditUpkeepDeps): AuditUpkeep {
  let days = keepDays;
  let isEnded = false;
  let cancel = () => {};
  const quietly = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      logger.warn(`The audit record could not be ${what}`, { error: messageOf(error) });
    }
  };
  const pruneAfter = (ms: number) => {
    cancel();
    cancel = time.after(ms, () => void (work = work.then(prune)));
  };
  const prune = async (): Promise<void> => {
    const kept = days;
    if (isEnded || kept === null) return;
    await quietly("cut", () => audit.prune(time.now() - kept * DAY_MS));
    // Whoever has changed it meanwhile has said when it is done again.
    if (!isEnded && days === kept) pruneAfter(DAY_MS);
  };
  let work = quietly("completed", () => audit.recover()).then(prune);
  return {
    keepFor(wanted) {
      days = wanted;
      if (!isEnded) pruneAfter(SOON_MS);
    },
    async end() {
      isEnded = true;
      cancel();
      await work;
    },
  };
}
