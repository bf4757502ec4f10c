import { constants } from "node:os";

/** What the command answers to its caller; documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** The command line is wrong. */
  usage: 1,
  /** Settings or surroundings do not allow it, and the message says what to change. Also: a check of `doctor` failed. */
  refused: 2,
  /** The server broke down, or could not stop in order. */
  broken: 3,
} as const;

/** As a shell has it for a process that a signal ended. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
