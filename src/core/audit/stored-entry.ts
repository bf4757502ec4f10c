import type { AuditEntry } from "../../types/audit.ts";
import type { Scrubber } from "../../types/scrubber.ts";

/** Characters at most. What is longer is cut, so that no caller can make records that crowd out others. */
const MAX = { actor: 256, instanceId: 64, subject: 512, requestId: 128, name: 64, text: 1_024 };
const MAX_MEMBERS = 32;
const MAX_LIST = 100;

type Detail = AuditEntry["detail"];

/**
 * An entry as it goes on record: without known secrets, of bounded length, and only with what every store gives back as it
 * was: no half surrogates and no NUL.
 */
export function toStoredEntry(entry: AuditEntry, scrubber: Scrubber): AuditEntry {
  // Scrubbed before it is cut: half a secret would not be known.
  const text = (value: string, max: number) => {
    const clean = scrubber.isEmpty ? value : scrubber.scrub(value);
    const cut = clean.length > max ? `${clean.slice(0, max - 1)}…` : clean;
    return cut.toWellFormed().replaceAll("\0", "\u{fffd}");
  };
  const orNull = (value: string | null, max: number) => (value === null ? null : text(value, max));
  const member = (value: Detail[string]): Detail[string] => {
    if (typeof value === "string") return text(value, MAX.text);
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    if (typeof value === "boolean") return value;
    return value.slice(0, MAX_LIST).map((item) => text(item, MAX.actor));
  };
  return {
    actor: text(entry.actor, MAX.actor),
    action: entry.action,
    instanceId: orNull(entry.instanceId, MAX.instanceId),
    subject: orNull(entry.subject, MAX.subject),
    outcome: entry.outcome,
    requestId: orNull(entry.requestId, MAX.requestId),
    detail: Object.fromEntries(
      Object.entries(entry.detail)
        .filter(([name]) => name !== "__proto__")
        .slice(0, MAX_MEMBERS)
        .map(([name, value]) => [text(name, MAX.name), member(value)]),
    ),
  };
}

/** An entry of the audit log about itself. */
export function systemEntry(
  entry: Pick<AuditEntry, "action" | "detail"> & Partial<AuditEntry>,
): AuditEntry {
  return {
    actor: "system",
    instanceId: null,
    subject: null,
    outcome: "ok",
    requestId: null,
    ...entry,
  };
}
