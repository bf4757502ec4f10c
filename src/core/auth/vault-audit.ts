import { AppError, messageOf } from "../../errors.ts";
import type { AuditAction, AuditEntry, AuditLog, AuditOutcome } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { CredentialId, VaultActor } from "../../types/vault.ts";
import { unreadableReason } from "./vault-faults.ts";

/** What is done, by whom, to what. */
export interface Act {
  readonly actor: VaultActor;
  readonly action: AuditAction;
  readonly instanceId: string | null;
  readonly subject: string | null;
}

/** The server itself, where nobody has asked for it. */
export const SYSTEM: VaultActor = { actor: "system", requestId: null };

type Detail = AuditEntry["detail"];

export function actOn(id: CredentialId, actor: VaultActor, action: AuditAction): Act {
  return { actor, action, instanceId: id.instanceId, subject: `${id.owner}/${id.name}` };
}

/** Writes to the audit log what the vault does. */
export class VaultAudit {
  readonly #log: AuditLog;
  readonly #logger: Logger;

  constructor(log: AuditLog, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
  }

  /** @throws AppError `AUDIT_UNAVAILABLE` */
  async record(
    { actor, action, instanceId, subject }: Act,
    outcome: AuditOutcome,
    detail: Detail = {},
  ): Promise<void> {
    await this.#log.record(
      {
        actor: actor.actor,
        action,
        instanceId,
        subject,
        outcome,
        requestId: actor.requestId,
        detail: { ...actor.detail?.(), ...detail },
      },
      outcome === "started" ? "durable" : "written",
    );
  }

  /** Records what failed, if it can. The failure is told to the caller either way. */
  async recordFailure(act: Act, error: unknown): Promise<void> {
    const reason = unreadableReason(error) ?? (error instanceof AppError ? error.code : "INTERNAL");
    const { action, instanceId, subject } = act;
    this.#logger.warn("The vault failed", {
      action,
      instanceId,
      subject,
      reason,
      error: messageOf(error),
    });
    await this.#recordEnd(act, "failed", { reason });
  }

  /**
   * Announces a change, makes it, and says how it ended.
   *
   * @param isRefused whether what it ended with means that nothing was changed
   * @throws AppError `AUDIT_UNAVAILABLE` when it cannot be announced: it was not made then
   */
  async change<T>(
    act: Act,
    make: () => Promise<T>,
    detailOf?: (value: T) => Detail,
    isRefused: (value: T) => boolean = () => false,
  ): Promise<T> {
    await this.record(act, "started");
    let value: T;
    try {
      value = await make();
    } catch (error) {
      await this.recordFailure(act, error);
      throw error;
    }
    await this.#recordEnd(act, isRefused(value) ? "refused" : "ok", detailOf?.(value) ?? {});
    return value;
  }

  /** That it was begun is on record; what was done cannot be taken back. */
  async #recordEnd(act: Act, outcome: AuditOutcome, detail: Detail): Promise<void> {
    try {
      await this.record(act, outcome, detail);
    } catch (error) {
      const { action, instanceId, subject } = act;
      const fields = { action, instanceId, subject, outcome, error: messageOf(error) };
      this.#logger.error("The audit record lacks how something in the vault ended", fields);
    }
  }
}
