import type { StoredInstance } from "../types/instances.ts";

/** Of an instance of which the API has stored nothing: all is as the plugins file says. */
export const NOTHING_STORED: Omit<StoredInstance, "id" | "rev"> = {
  package: null,
  enabled: null,
  toolPrefix: null,
  host: null,
  config: null,
  oauth: null,
  removed: false,
};
