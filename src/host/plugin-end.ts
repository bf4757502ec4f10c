import { placesIn } from "../util/error-place.ts";
import type { FatalCause } from "./host-messages.ts";
import type { WireError } from "./wire-error.ts";

/** Why a plugin is gone, in words for whoever runs the server. */
export const ENDS = {
  silent: (ms: number) =>
    new Error(`Its thread did not answer for ${ms / 1_000} s: a loop that does not end?`),
  flooded: () => new Error("It flooded the server with messages."),
  malformed: (reason: string) => new Error(`It sent a message that ${reason}.`),
} as const;

/** Why a plugin is gone that said so itself. */
export function fatalEnd(fatal: FatalCause): Error {
  if (fatal.cause === "flood") return ENDS.flooded();
  const { error } = fatal;
  const what =
    fatal.cause === "rejection"
      ? "It left a rejection unhandled"
      : "It threw an exception that nothing caught";
  return uncaughtEnd(what, error);
}

function uncaughtEnd(what: string, { message, stack }: WireError): Error {
  const [place] = placesIn(stack);
  const end = new Error(`${what}: ${message}${place === undefined ? "" : ` (${place})`}`);
  // The plugin's own stack tells more than ours.
  if (stack !== "") end.stack = stack;
  return end;
}
