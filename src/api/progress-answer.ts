import { AppError, stackOf, type ErrorCode } from "../errors.ts";
import type { AuditOutcome } from "../types/audit.ts";
import type { Logger } from "../types/logger.ts";
import type { VaultProgress } from "../types/vault.ts";
import { utf8 } from "../util/bytes.ts";
import type { RouteCaller } from "./route-table.ts";

/** One line of an answer whose work takes long. The last line is one of the last two. */
export type ProgressLine =
  | { readonly progress: VaultProgress }
  | { readonly done: true; readonly [member: string]: unknown }
  | { readonly error: { readonly code: ErrorCode; readonly requestId: string } };

/** Reports of progress closer together than this, in milliseconds, are left out. */
const BETWEEN_LINES_MS = 100;

export interface ProgressAnswerDeps {
  readonly caller: RouteCaller;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Answers with JSON lines: reports of progress while the work goes on, then its result as `{"done":true,…}`, or the error.
 * Work that fails before its first report is answered like any other failure, by what it threw. The work goes on when
 * the client has left.
 */
export async function answerWithProgress(
  work: (report: (progress: VaultProgress) => void) => Promise<Readonly<Record<string, unknown>>>,
  { caller, now, logger }: ProgressAnswerDeps,
): Promise<Response> {
  const lines = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
    // What the client does not read must not hold up the work; there are ten lines a second at most.
    highWaterMark: Number.POSITIVE_INFINITY,
  });
  const writer = lines.writable.getWriter();
  const write = (line: ProgressLine) =>
    writer.write(utf8(`${JSON.stringify(line)}\n`)).catch(() => {});
  const begun = Promise.withResolvers<void>();
  let writtenAt = Number.NEGATIVE_INFINITY;

  const report = ({ done, total }: VaultProgress) => {
    begun.resolve();
    if (now() - writtenAt < BETWEEN_LINES_MS && done < total) return;
    writtenAt = now();
    void write({ progress: { done, total } });
  };
  const result = work(report);
  // Whoever catches it answers it, so nothing has been sent yet.
  await Promise.race([begun.promise, result]);
  const ended = result.then(
    async (members): Promise<AuditOutcome> => {
      await write({ done: true, ...members });
      return "ok";
    },
    async (error: unknown): Promise<AuditOutcome> => {
      const code = error instanceof AppError ? error.code : "INTERNAL";
      const { requestId } = caller;
      logger.error("Request failed", { requestId, code, error: stackOf(error) });
      await write({ error: { code, requestId } });
      return "failed";
    },
  );
  void ended.then(() => writer.close()).catch(() => {});
  caller.endsWith(ended);
  return new Response(lines.readable, { headers: { "content-type": "application/x-ndjson" } });
}
