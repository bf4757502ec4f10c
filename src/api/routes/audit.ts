import * as z from "zod";
import type { AuditTrail } from "../../core/audit.ts";
import { formatAudit } from "../../core/audit/export.ts";
import type { AuditFilter } from "../../core/audit/read-audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { AuditRecord } from "../../types/audit.ts";
import { utf8 } from "../../util/bytes.ts";
import { defineRoute } from "../define-route.ts";
import { foreignCursor, readCursor, writeCursor } from "../paginate.ts";
import { answerWithProgress } from "../progress-answer.ts";
import type { Route } from "../route-table.ts";
import { pageOf, pageQuery, time } from "../schemas.ts";

const word = z.string().min(1).max(400).optional();
const moment = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .optional()
  .meta({ type: "integer" });

const filters = {
  actor: word.meta({ description: "Who did it.", example: "client:laptop" }),
  action: word.meta({ description: "What was done.", example: "credential.read" }),
  plugin: word.meta({ description: "For which plugin instance." }),
  outcome: word.meta({ description: "started, ok, refused or failed." }),
  since: moment.meta({ description: "Milliseconds since 1970, included." }),
  until: moment.meta({ description: "Milliseconds since 1970, included." }),
};

const auditRecord = z
  .object({
    chain: z.string(),
    seq: z.int(),
    time,
    actor: z.string(),
    action: z.string(),
    plugin: z.string().nullable(),
    subject: z.string().nullable(),
    outcome: z.string(),
    requestId: z.string().nullable(),
    detail: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: "What else explains it; null without the right audit:payloads." }),
  })
  .meta({ id: "AuditRecord" });

export interface AuditRoutesDeps {
  readonly trail: Pick<AuditTrail, "records" | "verify">;
  readonly now: () => number;
  readonly logger: Logger;
}

/** `/api/audit`: who did what. Details are for auditors alone. */
export function auditRoutes({ trail, now, logger }: AuditRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/audit",
      policy: "audit:read",
      summary: "Lists audit records, newest first.",
      query: pageQuery.extend(filters),
      answers: { 200: pageOf(auditRecord) },
      async handle({ query: { limit, cursor, ...filter } }, { principal }) {
        const withDetail = principal.scopes.includes("audit:payloads");
        const { records, nextCursor } = await readPage(trail, toFilter(filter), limit, cursor);
        return Response.json({
          data: records.map((record) => toAnswer(record, withDetail)),
          nextCursor,
        });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/audit/export",
      policy: "audit:payloads",
      summary:
        "Answers audit records, oldest first, as JSON lines that can be verified, or as CSV.",
      query: z.strictObject({ ...filters, format: z.enum(["jsonl", "csv"]).default("jsonl") }),
      answers: { 200: { type: ["application/x-ndjson", "text/csv"] } },
      handle({ query: { format, ...filter } }) {
        const texts = formatAudit(trail.records(toFilter(filter)), format);
        const type = format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
        const headers = {
          "content-type": type,
          "content-disposition": `attachment; filename="audit.${format}"`,
        };
        return new Response(toStream(texts), { headers });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/audit/verify",
      policy: "audit:read",
      summary: "Reads and checks every record in every store.",
      answers: { 200: { type: "application/x-ndjson" } },
      handle: (_, caller) =>
        answerWithProgress(
          async (onProgress) => {
            const found = await trail.verify({ onProgress });
            return { ok: found.faults.length === 0, ...found };
          },
          { caller, now, logger },
        ),
    }),
  ];
}

type Filters = { readonly [Name in keyof typeof filters]?: z.output<(typeof filters)[Name]> };

function toFilter({ plugin, ...filter }: Filters): AuditFilter {
  const set = { ...filter, ...(plugin !== undefined && { instanceId: plugin }) };
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
}

/**
 * The page behind a record. Records come by their times, and those of one moment in the order of their chains, so what has
 * been answered is what comes until that record.
 */
async function readPage(
  trail: Pick<AuditTrail, "records">,
  filter: AuditFilter,
  limit: number,
  cursor: string | undefined,
): Promise<{ records: AuditRecord[]; nextCursor: string | null }> {
  const [at, chain, seq] = cursor === undefined ? [] : readCursor(cursor);
  if (at !== undefined && !(/^\d{1,16}$/.test(at) && seq !== undefined)) throw foreignCursor();
  const until = Math.min(Number(at ?? Infinity), filter.until ?? Infinity);
  const records: AuditRecord[] = [];
  let isBehind = at === undefined;
  const all = trail.records({ ...filter, ...(until < Infinity && { until }), newestFirst: true });
  for await (const record of all) {
    if (isBehind || record.time < until) {
      if (records.length === limit) return { records, nextCursor: cursorOf(records.at(-1)!) };
      isBehind = true;
      records.push(record);
    } else {
      isBehind = record.chain === chain && String(record.seq) === seq;
    }
  }
  return { records, nextCursor: null };
}

function cursorOf({ time: at, chain, seq }: AuditRecord): string {
  return writeCursor([String(at), chain, String(seq)]);
}

function toAnswer(record: AuditRecord, withDetail: boolean): z.input<typeof auditRecord> {
  const { instanceId, detail, previous: _previous, mac: _mac, ...rest } = record;
  return { ...rest, plugin: instanceId, detail: withDetail ? { ...detail } : null };
}

/** A piece for each time that the client takes more, so that a slow one fills no memory. */
function toStream(texts: AsyncGenerator<string, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(utf8(value));
    },
    async cancel() {
      await texts.return();
    },
  });
}
