import type { AuditEntry, AuditLog } from "../../src/types/audit.ts";

export interface RecordingAudit extends AuditLog {
  readonly entries: readonly AuditEntry[];
}

/** An audit log that keeps what it is told. */
export function createRecordingAudit(): RecordingAudit {
  const entries: AuditEntry[] = [];
  return {
    entries,
    async record(entry) {
      entries.push(entry);
    },
  };
}
