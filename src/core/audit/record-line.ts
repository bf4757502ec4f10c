import * as z from "zod";
import type { AuditRecord } from "../../types/audit.ts";

const RECORD = z.strictObject({
  chain: z.string(),
  seq: z.int(),
  time: z.int(),
  actor: z.string(),
  // Any text: of a record that somebody changed one wants to see what it says now.
  action: z.string(),
  instanceId: z.string().nullable(),
  subject: z.string().nullable(),
  outcome: z.string(),
  requestId: z.string().nullable(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
  previous: z.string(),
  mac: z.string(),
});

/** The line that a record is in a file, without the newline. */
export function auditLine(record: AuditRecord): string {
  const { chain, seq, time, actor, action, instanceId, subject, outcome, requestId } = record;
  const { detail, previous, mac } = record;
  // Written out, for the order.
  return JSON.stringify({
    chain,
    seq,
    time,
    actor,
    action,
    instanceId,
    subject,
    outcome,
    requestId,
    detail,
    previous,
    mac,
  });
}

/**
 * What a line says, or `null` when it is not the very text that was written for a record of that content: a blank more, or a
 * member twice, is a change, too. Its MAC is not checked.
 */
export function parseAuditLine(line: string): AuditRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    if (!RECORD.safeParse(value).success) return null;
    const record = value as AuditRecord;
    return auditLine(record) === line ? record : null;
  } catch {
    return null;
  }
}
