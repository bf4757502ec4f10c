import { AppError } from "../../errors.ts";
import type { Outbound } from "../../types/outbound.ts";
import type { PluginContext } from "../../types/plugin.ts";
import { toFetchResponse } from "../../util/fetch-response.ts";

/** Requests of one plugin object that may be under way. */
const MAX_UNDER_WAY = 100;

/** `context.fetch` of one plugin object. */
export function createPluginFetch(outbound: Outbound): PluginContext["fetch"] {
  let underWay = 0;
  return async (url, init = {}) => {
    if (underWay >= MAX_UNDER_WAY) {
      const message = `${MAX_UNDER_WAY} requests of this plugin are under way.`;
      throw new AppError("OUTBOUND_FAILED", message);
    }
    underWay += 1;
    try {
      return toFetchResponse(await outbound.fetch({ ...init, url: String(url) }));
    } finally {
      underWay -= 1;
    }
  };
}
