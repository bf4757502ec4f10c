export interface JsonBounds {
  /** Containers inside containers. */
  readonly maxDepth: number;
  /** Array elements and object members in all. */
  readonly maxNodes: number;
}

/**
 * Why a parsed JSON value is out of bounds, or `null`. Iterative, because `JSON.parse` survives depths at which
 * everything recursive that follows (stringify, zod, a validator) would overflow the stack.
 */
export function outOfBounds(value: unknown, { maxDepth, maxNodes }: JsonBounds): string | null {
  if (typeof value !== "object" || value === null) return null;
  let level: object[] = [value];
  let nodes = 0;
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) return `nested deeper than ${maxDepth} levels`;
    const next: object[] = [];
    for (const container of level) {
      for (const child of Array.isArray(container) ? container : Object.values(container)) {
        if (++nodes > maxNodes) return `more than ${maxNodes} values`;
        if (typeof child === "object" && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return null;
}
