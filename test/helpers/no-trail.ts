import type { AppDeps } from "../../src/index.ts";

/** An audit record with nothing in it. */
export const NO_TRAIL: NonNullable<AppDeps["auditTrail"]> = {
  records: async function* () {},
  verify: () => Promise.reject(new Error("There is nothing to verify.")),
  status: () => ({ head: null, sinks: [], anchors: [], refused: 0 }),
  subscribe: () => () => {},
};
