import type { RefusalRecorder } from "../../core/audit/refusals.ts";
import { messageOf } from "../../errors.ts";
import type { AuditEntry, AuditLog, AuditOutcome } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { Principal } from "../../types/principal.ts";
import type { Refusal } from "./gate.ts";

/** Leaves traces of requests in the audit record. None has anything of what was sent, which might be a secret. */
export interface RequestAudit {
  /** Records that a credential did not suffice. Waits for nothing and never throws: the answer is a refusal anyway. */
  refused(refused: RefusedRequest): void;
  /**
   * Runs an administrator's request between a record that it begins and one that says how it ended.
   *
   * @param run answers failures, too, and does not reject
   * @throws AppError `AUDIT_UNAVAILABLE` when the first cannot be written; `run` is not called then
   */
  around(request: AdminRequest, run: () => Promise<Response>): Promise<Response>;
}

export interface RefusedRequest {
  readonly reason: Refusal;
  /** Whose key it was; `null` when it was nobody's. */
  readonly principal: Principal | null;
  /** Method and path as the route table has them. */
  readonly route: string;
  readonly requestId: string;
}

export interface AdminRequest {
  readonly principal: Principal;
  readonly route: string;
  readonly requestId: string;
  /** Ids of what was changed, once that is known. */
  readonly about: () => Readonly<Record<string, string>>;
  /** For an answer that begins before the work is done: how that ended. Resolves always. */
  readonly ended: () => Promise<AuditOutcome> | null;
}

export interface RequestAuditDeps {
  readonly audit: AuditLog;
  /** Takes refusals, and counts those that come too fast. */
  readonly refusals: Pick<RefusalRecorder, "record">;
  readonly logger: Logger;
}

/** Refusals that say something of who called. */
const AUDITED: ReadonlySet<Refusal> = new Set(["UNAUTHENTICATED", "TOKEN_INVALID", "FORBIDDEN"]);

export function createRequestAudit({ audit, refusals, logger }: RequestAuditDeps): RequestAudit {
  /** Of what has happened already: that it cannot be recorded can only be logged. */
  async function record(entry: AuditEntry): Promise<void> {
    try {
      await audit.record(entry);
    } catch (error) {
      const { subject, requestId, outcome } = entry;
      const fields = { subject, requestId, outcome, error: messageOf(error) };
      logger.error("A request is not in the audit record", fields);
    }
  }

  return {
    refused({ reason, principal, route, requestId }) {
      // Host and Origin tell where a request came from, not who sent it.
      if (!AUDITED.has(reason)) return;
      refusals.record({
        actor: principal === null ? "client:anonymous" : actorOf(principal),
        action: "auth.refused",
        instanceId: null,
        subject: route,
        outcome: "refused",
        requestId,
        detail: { reason },
      });
    },
    async around({ principal, route, requestId, about, ended }, run) {
      const entry = {
        actor: actorOf(principal),
        action: "admin.request",
        instanceId: null,
        subject: route,
        requestId,
      } as const;
      await audit.record({ ...entry, outcome: "started", detail: {} });
      const response = await run();
      const { status } = response;
      const later = ended();
      const end = (outcome: AuditOutcome) => {
        const { plugin: instanceId = null, ...others } = about();
        return record({ ...entry, instanceId, outcome, detail: { status, ...others } });
      };
      if (later === null) await end(outcomeOf(status));
      else void later.then(end);
      return response;
    },
  };
}

/** As the audit record names whoever acts. */
export function actorOf({ kind, id }: Principal): string {
  return `${kind}:${id}`;
}

function outcomeOf(status: number): AuditOutcome {
  if (status < 400) return "ok";
  return status < 500 ? "refused" : "failed";
}
