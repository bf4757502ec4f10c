import { stackOf } from "../errors.ts";

/** How many errors to follow from one to its cause. */
const MAX_CAUSES = 5;
/** A file with its line, and perhaps its column, as stacks have them on every runtime. */
const PLACE = /(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/])[^\n()]*?):(\d+)(?::(\d+))?\)?$/;

/**
 * Where in a plugin's folder an error comes from, as `path:line:column`, or `null` when its stacks do not say.
 *
 * @param folder path of the folder, with the slash at its end
 */
export function placeOf(error: unknown, folder: string): string | null {
  const places: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < MAX_CAUSES; depth++) {
    places.push(...placesIn(stackOf(at)));
    at = causeOf(at);
  }
  return places.find((place) => place.startsWith(folder)) ?? null;
}

/** The places that a stack names, the innermost first; the runtime's own code left aside. */
export function placesIn(stack: string): string[] {
  return stack.split("\n", 100).flatMap((line) => {
    const [, path, row, column] = PLACE.exec(line.trimEnd()) ?? [];
    if (path === undefined || row === undefined) return [];
    return [[decode(path), row, ...(column === undefined ? [] : [column])].join(":")];
  });
}

/** Never throws, whatever a plugin has made of its errors. */
function causeOf(error: Error): unknown {
  try {
    return error.cause;
  } catch {
    return null;
  }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
