import satisfies from "semver/functions/satisfies.js";
import validRange from "semver/ranges/valid.js";

/** A dependency as a plugin writes it: `name`, or `name@` and a semver range. Names may begin with a scope. */
export interface Dependency {
  readonly name: string;
  readonly range: string | null;
}

/** `null` when the text is no dependency (no name, or a range that semver cannot read). */
export function parseDependency(text: string): Dependency | null {
  const at = text.indexOf("@", 1);
  const name = at < 0 ? text : text.slice(0, at);
  const range = at < 0 ? null : text.slice(at + 1);
  if (name === "" || (range !== null && (range === "" || validRange(range) === null))) return null;
  return { name, range };
}

export function satisfiesRange(version: string, range: string | null): boolean {
  return range === null || satisfies(version, range);
}
