/** More than any word or name of the service has. */
const MAX_CHARS = 200;
/** The year 9999; no time of the service's is beyond it. */
const MAX_SECONDS = 253_402_300_799;
const MAX_OFFSET_SECONDS = 86_400;

/** The service answered what its documentation does not have. The message names the place and no value. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}

/** The number at a path such as `main.temp`. @throws UnexpectedAnswer */
export function readNumber(from: unknown, path: string): number {
  const value = readOptionalNumber(from, path);
  if (value === undefined) throw new UnexpectedAnswer(`${path} is missing`);
  return value;
}

/** @throws UnexpectedAnswer for what is there and no number */
export function readOptionalNumber(from: unknown, path: string): number | undefined {
  const value = memberAt(from, path);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new UnexpectedAnswer(`${path} is not a number`);
}

/** Seconds since 1970. @throws UnexpectedAnswer */
export function readSeconds(from: unknown, path: string): number {
  const value = readNumber(from, path);
  if (value >= 0 && value <= MAX_SECONDS) return value;
  throw new UnexpectedAnswer(`${path} is not a time`);
}

/** Seconds by which a place is ahead of UTC. @throws UnexpectedAnswer */
export function readOffset(from: unknown, path: string): number {
  const value = readNumber(from, path);
  if (Math.abs(value) <= MAX_OFFSET_SECONDS) return value;
  throw new UnexpectedAnswer(`${path} is not an offset`);
}

/** @throws UnexpectedAnswer */
export function readText(from: unknown, path: string): string {
  const value = readOptionalText(from, path);
  if (value === undefined) throw new UnexpectedAnswer(`${path} is missing`);
  return value;
}

/** An empty text is none. @throws UnexpectedAnswer for what is there and no text of a bearable length */
export function readOptionalText(from: unknown, path: string): string | undefined {
  const value = memberAt(from, path);
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string" && value.length <= MAX_CHARS) return value;
  throw new UnexpectedAnswer(`${path} is not a short text`);
}

/** The list at a path, or `from` itself for an empty path. @throws UnexpectedAnswer */
export function readList(from: unknown, path: string, maxItems: number): readonly unknown[] {
  const value = path === "" ? from : memberAt(from, path);
  if (Array.isArray(value) && value.length <= maxItems) return value;
  throw new UnexpectedAnswer(`${path || "the answer"} is not a list of at most ${maxItems}`);
}

function memberAt(from: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    return typeof value === "object" && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  }, from);
}
