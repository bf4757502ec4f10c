import { AppError } from "../../src/errors.ts";
import type { Outbound } from "../../src/types/outbound.ts";

/** The way out of a server that reaches nothing. */
export const NO_OUTBOUND: Outbound = {
  async fetch() {
    throw new AppError("OUTBOUND_REFUSED", "This test's server reaches nothing.");
  },
};
