import { messageOf } from "../../errors.ts";
import type { AuditAnchor, AuditHead } from "../../types/audit.ts";
import type { Logger } from "../../types/logger.ts";
import type { Time } from "../../types/runtime.ts";

/** An anchor may be slow, or grow with each head. */
const EVERY_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/** Brings heads to one anchor, one at a time, and tries again what failed. Never holds up a record. */
export class HeadKeeper {
  readonly #anchor: AuditAnchor;
  readonly #time: Time;
  readonly #logger: Logger;
  /** What the anchor lacks: of each chain its latest head. */
  readonly #waiting = new Map<string, AuditHead>();
  #running: Promise<void> | null = null;
  #failures = 0;
  #error: string | null = null;
  #nextAt = 0;

  constructor(anchor: AuditAnchor, time: Time, logger: Logger) {
    this.#anchor = anchor;
    this.#time = time;
    this.#logger = logger;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  status() {
    return {
      name: this.#anchor.name,
      isHealthy: this.#failures === 0,
      failures: this.#failures,
      error: this.#error,
    };
  }

  keep(head: AuditHead): void {
    this.#waiting.set(head.chain, head);
  }

  /** Resolves when it has been tried, with whatever outcome. */
  async flush(): Promise<void> {
    this.#nextAt = 0;
    await this.#running;
    await this.tick();
  }

  /** Goes on with what waits, unless it is too soon after the last time, or after a failure. */
  async tick(): Promise<void> {
    if (!this.isWaiting || this.#time.now() < this.#nextAt) return;
    this.#running ??= this.#drain().finally(() => (this.#running = null));
    await this.#running;
  }

  async #drain(): Promise<void> {
    this.#nextAt = this.#time.now() + EVERY_MS;
    for (const [chain, head] of this.#waiting) {
      try {
        await this.#anchor.anchor(head);
      } catch (error) {
        this.#fails(error);
        return;
      }
      if (this.#waiting.get(chain) === head) this.#waiting.delete(chain);
      if (this.#failures > 0) {
        this.#logger.info("An audit anchor works again", { anchor: this.#anchor.name });
      }
      this.#failures = 0;
      this.#error = null;
    }
  }

  #fails(error: unknown): void {
    this.#failures++;
    this.#error = messageOf(error);
    const delay = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
    this.#nextAt = this.#time.now() + delay;
    if (this.#failures > 1) return;
    const fields = { anchor: this.#anchor.name, error: this.#error };
    this.#logger.error("An audit anchor takes no heads", fields);
  }
}
