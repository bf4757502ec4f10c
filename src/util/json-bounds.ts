export interface JsonBounds {
  /** Containers inside containers. */
  readonly maxDepth: number;
  /** Array elements and object members in all. */
  readonly maxNodes: number;
  /** Of each text; any when left out. */
  readonly maxChars?: number;
  /** Whether members named `__proto__`, which change an object when they are copied by assignment, are out of bounds. */
  readonly refusesProto?: boolean;
}

/**
 * Why a parsed JSON value is out of bounds, or `null`. Iterative, because `JSON.parse` survives depths at which
 * everything recursive that follows (stringify, zod, a validator) would overflow the stack.
 */
export function outOfBounds(value: unknown, bounds: JsonBounds): string | null {
  const { maxDepth, maxNodes, maxChars = Infinity, refusesProto = false } = bounds;
  const tooLong = `a text of more than ${maxChars} characters`;
  if (typeof value === "string" && value.length > maxChars) return tooLong;
  if (typeof value !== "object" || value === null) return null;
  let level: object[] = [value];
  let nodes = 0;
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) return `nested deeper than ${maxDepth} levels`;
    const next: object[] = [];
    for (const container of level) {
      if (refusesProto && Object.hasOwn(container, "__proto__")) return "a member named __proto__";
      for (const child of Array.isArray(container) ? container : Object.values(container)) {
        if (++nodes > maxNodes) return `more than ${maxNodes} values`;
        if (typeof child === "string" && child.length > maxChars) return tooLong;
        if (typeof child === "object" && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return null;
}
