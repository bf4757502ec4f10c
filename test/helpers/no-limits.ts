import { createRequestLimits } from "../../src/api/middleware/request-limits.ts";
import { NO_RATE_LIMITS } from "../../src/core/limits/rate-limits.ts";
import { createFakeTime } from "./fake-time.ts";

/** Everybody may do everything as often as they like. */
export const NO_LIMITS = createRequestLimits({
  limits: () => NO_RATE_LIMITS,
  proxies: [],
  shedder: null,
  time: createFakeTime(),
});

/** No issuer whose tokens are taken. */
export const NO_CHALLENGES = { issuers: [], publicUrl: () => "http://localhost:3000" };
