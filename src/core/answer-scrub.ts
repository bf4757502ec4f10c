import { AppError } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { Principal } from "../types/principal.ts";
import type { Scrubber } from "../types/scrubber.ts";
import { toJsonText } from "../util/json-text.ts";
import { parseJson } from "../util/parse-json.ts";
import type { CallReports } from "./running-call.ts";
import { REDACTED } from "./scrubber.ts";
import { MAX_RESULT_CHARS } from "./tool-result.ts";

export interface AnswerScrubDeps {
  readonly run: {
    readonly instanceId: string;
    /** Knows the secrets that were handed to the plugin object which answers this caller. */
    handedOutTo(principal: Principal): Scrubber;
  };
  readonly principal: Principal;
  readonly requestId: string;
  /** What was called, for the log. */
  readonly name: string;
  readonly logger: Logger;
}

/**
 * Takes out of all that one call sends to its client what was handed to the plugin object that answers. The log learns that
 * this had to be done, once a call.
 */
export class AnswerScrub {
  readonly #deps: AnswerScrubDeps;
  #warned = false;

  constructor(deps: AnswerScrubDeps) {
    this.#deps = deps;
  }

  text(text: string): string {
    const handedOut = this.#handedOut();
    if (handedOut.isEmpty) return text;
    const clean = handedOut.scrub(text);
    if (clean !== text) this.#warn();
    return clean;
  }

  /**
   * A clean copy of a value that is JSON; the value itself as long as nothing was handed out.
   *
   * @throws AppError `PLUGIN_INVALID` when it is no JSON, before or after
   */
  json<T>(value: T): T {
    if (this.#handedOut().isEmpty) return value;
    const text = toJsonText(value, MAX_RESULT_CHARS);
    const clean = text.ok ? parseJson(this.text(text.value)) : undefined;
    if (clean === undefined) {
      throw new AppError(
        "PLUGIN_INVALID",
        "What the plugin sends cannot be freed of a credential.",
      );
    }
    return clean as T;
  }

  /** The same reports, with messages and data cleaned. */
  reports(reports: CallReports): CallReports {
    if (reports.progress === undefined && reports.log === undefined) return reports;
    return {
      signal: reports.signal,
      ...(reports.progress && {
        progress: (progress, total, message) =>
          reports.progress!(progress, total, message === undefined ? message : this.text(message)),
      }),
      ...(reports.log && { log: (level, data) => reports.log!(level, this.#logData(data)) }),
      ...(reports.closeStream && { closeStream: () => reports.closeStream!() }),
    };
  }

  #logData(data: unknown): unknown {
    try {
      return this.json(data);
    } catch {
      return REDACTED;
    }
  }

  /** Asked at each use: what a call is handed comes while it runs. */
  #handedOut(): Scrubber {
    return this.#deps.run.handedOutTo(this.#deps.principal);
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    const { logger, requestId, run, name } = this.#deps;
    logger.warn("Took a credential out of what a plugin sent to its client", {
      requestId,
      plugin: run.instanceId,
      name,
    });
  }
}
