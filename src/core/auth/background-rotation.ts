import { messageOf } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { DataKeyRotation } from "./data-key-rotation.ts";
import { type VaultAudit, SYSTEM } from "./vault-audit.ts";

/** Seals anew, beside everything else, what keys have sealed that seal no more. */
export class BackgroundRotation {
  readonly #keys: DataKeyRotation;
  readonly #audit: VaultAudit;
  readonly #logger: Logger;
  #running: Promise<void> | null = null;
  #isAskedAgain = false;

  constructor(keys: DataKeyRotation, audit: VaultAudit, logger: Logger) {
    this.#keys = keys;
    this.#audit = audit;
    this.#logger = logger;
  }

  start(): void {
    if (this.#running !== null) {
      this.#isAskedAgain = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (!this.#isAskedAgain) return;
      this.#isAskedAgain = false;
      this.start();
    });
  }

  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    try {
      const unfinished = await this.#keys.unfinished();
      if (unfinished.length === 0) return;
      const act = {
        actor: SYSTEM,
        action: "vault.rotate",
        instanceId: null,
        subject: null,
      } as const;
      const detail = () => ({ resumed: unfinished });
      await this.#audit.change(act, () => this.#keys.resume(), detail);
    } catch (error) {
      this.#logger.warn("Old data keys could not be retired yet", { error: messageOf(error) });
    }
  }
}
