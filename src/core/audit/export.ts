import type { AuditRecord } from "../../types/audit.ts";
import { auditLine } from "./record-line.ts";

export type AuditFormat = "jsonl" | "csv";

const COLUMNS = [
  "time",
  "chain",
  "seq",
  "actor",
  "action",
  "instance",
  "subject",
  "outcome",
  "request",
  "detail",
  "previous",
  "mac",
] as const;
/** What spreadsheets take for a formula; a tab or a line break before it makes no difference to them. */
const FORMULA = /^[\t\r\n]*[=+\-@\t\r]/;

/**
 * Records as text, a piece for each. JSON lines are the records as they were written, so they can be verified elsewhere. CSV
 * (RFC 4180) is for people: times are ISO 8601, and a cell that a spreadsheet would run as a formula gets an
 * apostrophe in front.
 */
export async function* formatAudit(
  records: AsyncIterable<AuditRecord>,
  format: AuditFormat,
): AsyncGenerator<string, void, undefined> {
  if (format === "csv") yield `${COLUMNS.join(",")}\r\n`;
  for await (const record of records) {
    yield format === "csv" ? csvRow(record) : `${auditLine(record)}\n`;
  }
}

function csvRow(record: AuditRecord): string {
  const { chain, seq, time, actor, action, instanceId, subject, outcome, requestId } = record;
  const { detail, previous, mac } = record;
  const cells = [
    new Date(time).toISOString(),
    chain,
    String(seq),
    actor,
    action,
    instanceId ?? "",
    subject ?? "",
    outcome,
    requestId ?? "",
    JSON.stringify(detail),
    previous,
    mac,
  ];
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
