import { auditLine, type AuditSink } from "../../src/index.ts";

/**
 * Audit records as lines of the Worker's log. Each is authenticated as everywhere, but what keeps them, and for how long, is
 * the log's (Workers Logs, Logpush): nothing here can read them back.
 */
export function createAuditLines(): AuditSink {
  return {
    name: "workers-log",
    async append(records) {
      // oxlint-disable-next-line no-console -- the console is where a Worker's log is read
      for (const record of records) console.info(auditLine(record));
    },
  };
}
