import { messageOf } from "../../errors.ts";
import type { AuditEntry, AuditLog } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { Time } from "../../types/runtime.ts";
import { systemEntry } from "./stored-entry.ts";

const BURST = 100;
const PER_SECOND = 20;
const SUMMARY_MS = 10_000;

/** Records refusals, and only counts those that come too fast: whoever guesses keys must not fill the disk. */
export interface RefusalRecorder {
  /** Waits for nothing and never throws: the answer is a refusal anyway. */
  record(entry: AuditEntry): void;
  /** Records what was only counted so far. */
  close(): Promise<void>;
}

export function createRefusalRecorder({
  audit,
  time,
  logger,
}: {
  readonly audit: AuditLog;
  readonly time: Time;
  readonly logger: Logger;
}): RefusalRecorder {
  let left = BURST;
  let filledAt = time.now();
  let counted = 0;
  let countedSince = 0;
  let cancel: (() => void) | null = null;

  function mayRecord(): boolean {
    const now = time.now();
    left = Math.min(BURST, left + (Math.max(0, now - filledAt) / 1_000) * PER_SECOND);
    filledAt = now;
    if (left < 1) return false;
    left--;
    return true;
  }

  async function write(entry: AuditEntry): Promise<void> {
    try {
      await audit.record(entry);
    } catch (error) {
      const fields = { subject: entry.subject, error: messageOf(error) };
      logger.error("A refusal is not in the audit record", fields);
    }
  }

  async function summarize(): Promise<void> {
    cancel?.();
    cancel = null;
    if (counted === 0) return;
    const detail = { notRecorded: counted, since: new Date(countedSince).toISOString() };
    counted = 0;
    await write(systemEntry({ action: "auth.refused", outcome: "refused", detail }));
  }

  return {
    record(entry) {
      if (mayRecord()) {
        void write(entry);
        return;
      }
      if (counted === 0) countedSince = time.now();
      counted++;
      cancel ??= time.after(SUMMARY_MS, () => void summarize());
    },
    close: summarize,
  };
}
