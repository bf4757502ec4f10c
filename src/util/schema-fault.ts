import type { SchemaFault } from "../types/schema-engine.ts";

/** In one line. */
export function faultWords({ pointer, rule }: SchemaFault): string {
  return `${pointer || "/"} ${rule}`;
}
