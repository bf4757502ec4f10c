import { closeSync, fsyncSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  formatAudit,
  readAudit,
  type AuditFault,
  type AuditFilter,
  type AuditFormat,
  type AuditRecord,
  type AuditStore,
} from "../../../src/index.ts";
import { systemTime } from "../runtime.ts";
import { readSettings, type SettingFlags } from "../settings.ts";
import { openAuditReader, type AuditReader } from "../audit-reader.ts";
import type { CommandContext } from "./credentials.ts";
import { createNewFile } from "./new-file.ts";
import { createPlainLogger } from "./plain-logger.ts";
import { printable } from "./printable.ts";
import { withProgress } from "./with-progress.ts";

export interface AuditFlags extends SettingFlags {
  readonly json?: boolean;
}

interface FilterFlags extends AuditFlags {
  readonly actor?: string;
  readonly action?: string;
  readonly plugin?: string;
  readonly outcome?: string;
  readonly since?: number;
  readonly until?: number;
}

export interface TailFlags extends FilterFlags {
  readonly lines: number;
  readonly follow?: boolean;
}

export interface ExportFlags extends FilterFlags {
  readonly format: AuditFormat;
  readonly output?: string;
}

const BETWEEN_LOOKS_MS = 500;
/** Records of several processes come a little out of the order of their times. */
const OVERLAP_MS = 60_000;
const FLUSH_EVERY = 500;

/** `audit tail`. */
export function tailAudit(context: CommandContext, flags: TailFlags): Promise<void> {
  return withReader(context, flags, async ({ stores }) => {
    const print = async (records: readonly AuditRecord[]) => {
      for await (const text of toLines(records, flags.json ?? false)) context.output.out(text);
      await context.output.flush?.();
    };
    const filter = toFilter(flags);
    let time = systemTime.now();
    /** When each of the latest records was written, by its place. */
    const known = new Map<string, number>();
    const note = ({ chain, seq, time: at }: AuditRecord) => {
      known.set(`${chain} ${seq}`, at);
      time = Math.max(time, at);
    };
    // What is there already is not new, even if it is not among the last.
    for await (const record of readAudit(stores, { since: time - OVERLAP_MS })) note(record);
    const last = await newest(stores, filter, flags.lines);
    for (const record of last) note(record);
    await print(last);
    if (!flags.follow) return;
    for (;;) {
      await pause(BETWEEN_LOOKS_MS);
      const since = Math.max(time - OVERLAP_MS, filter.since ?? 0);
      const fresh: AuditRecord[] = [];
      for await (const record of readAudit(stores, { ...filter, since })) {
        if (!known.has(`${record.chain} ${record.seq}`)) fresh.push(record);
      }
      await print(fresh);
      for (const record of fresh) note(record);
      for (const [place, at] of known) if (at < time - OVERLAP_MS) known.delete(place);
    }
  });
}

/** `audit export`. */
export function exportAudit(context: CommandContext, flags: ExportFlags): Promise<void> {
  return withReader(context, flags, async ({ stores }) => {
    const format = flags.json ? "jsonl" : flags.format;
    const texts = formatAudit(readAudit(stores, toFilter(flags)), format);
    const { output } = context;
    let written = 0;
    if (flags.output === undefined) {
      for await (const text of texts) {
        output.out(text);
        if (++written % FLUSH_EVERY === 0) await output.flush?.();
      }
      await output.flush?.();
      return;
    }
    const file = createNewFile(flags.output);
    try {
      for await (const text of texts) {
        writeSync(file, text);
        written++;
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // The first line of CSV names the columns.
    const records = format === "csv" ? written - 1 : written;
    if (flags.json) output.out(`${JSON.stringify({ file: flags.output, records })}\n`);
    else output.err(`Wrote ${flags.output} (${records} records).\n`);
  });
}

/** `audit verify`. Answers whether all is well. */
export async function verifyAudit(context: CommandContext, flags: AuditFlags): Promise<boolean> {
  let ok = false;
  const { output } = context;
  await withReader(context, flags, async (reader) => {
    const progress = { output, label: "Checking records", json: flags.json };
    const found = await withProgress(progress, (report) => reader.verify(report));
    ok = found.faults.length === 0;
    const stores = reader.stores.length;
    if (flags.json) {
      output.out(`${JSON.stringify({ ok, stores, ...found })}\n`);
      return;
    }
    for (const fault of found.faults) output.out(`FAULT ${describe(fault)}\n`);
    if (found.hasMore) output.out("There are more faults than these.\n");
    const { records, chains, openChains } = found;
    // A record counts in each store that has it.
    const summary = `${records} records in ${stores} stores, of ${chains} chains (${openChains} open)`;
    if (ok) output.out(`ok    ${summary}\n`);
  });
  return ok;
}

async function withReader(
  { env, output }: CommandContext,
  flags: SettingFlags,
  use: (reader: AuditReader) => Promise<void>,
): Promise<void> {
  const reader = await openAuditReader(readSettings(env, flags), createPlainLogger(output));
  try {
    await use(reader);
  } catch (error) {
    // Whoever read our output has had enough (`… | head`).
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  } finally {
    await reader.close();
  }
}

/** The last records, oldest first. */
async function newest(
  stores: readonly AuditStore[],
  filter: AuditFilter,
  count: number,
): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  if (count === 0) return found;
  for await (const record of readAudit(stores, { ...filter, newestFirst: true })) {
    found.push(record);
    if (found.length === count) break;
  }
  return found.toReversed();
}

async function* toLines(records: readonly AuditRecord[], json: boolean): AsyncGenerator<string> {
  if (json) yield* formatAudit(iterate(records), "jsonl");
  else for (const record of records) yield `${toLine(record)}\n`;
}

async function* iterate(records: readonly AuditRecord[]): AsyncGenerator<AuditRecord> {
  yield* records;
}

function toLine(record: AuditRecord): string {
  const { time, actor, action, outcome, instanceId, subject, requestId, detail } = record;
  const more = Object.entries(detail).map(([name, value]) => `${name}=${printable(String(value))}`);
  const parts = [
    new Date(time).toISOString(),
    actor,
    action,
    outcome,
    instanceId ?? "-",
    subject ?? "-",
    ...(requestId === null ? [] : [`request=${requestId}`]),
    ...more,
  ];
  return parts.map(printable).join("  ");
}

function describe({ kind, store, chain, seq, count, reason }: AuditFault): string {
  const last = seq + count - 1;
  const where = seq === 0 ? chain : `${chain} ${count > 1 ? `${seq}-${last}` : seq}`;
  return [kind, where, `in ${store || "every store"}:`, reason].filter((part) => part).join(" ");
}

function toFilter({ actor, action, plugin, outcome, since, until }: FilterFlags): AuditFilter {
  return {
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(plugin !== undefined && { instanceId: plugin }),
    ...(outcome !== undefined && { outcome }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}
