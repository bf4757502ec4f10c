import { appendFileSync } from "node:fs";

/** Whether this is the full run of `npm run test:faults`, or the quick one that `npm test` includes. */
export const IS_FULL = process.env["FAULTS"] === "full";

/** Milliseconds that one check of the full run may take; a quick one has the usual limit. */
export const FAULT_TIMEOUT = IS_FULL ? 40 * 60_000 : 120_000;

export function scaled<T>(quick: T, full: T): T {
  return IS_FULL ? full : quick;
}

/** Tells a number that the closing table has. Does nothing outside of `npm run test:faults`. */
export function reportFigure(name: string, value: number): void {
  const file = process.env["FAULTS_FIGURES"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ name, value })}\n`);
}
