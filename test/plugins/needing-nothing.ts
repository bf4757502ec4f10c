import { NEW_INSTANCE, toPlugin } from "../../src/host/plugin-object.ts";
import type { MCPPlugin } from "../../src/types/plugin.ts";

/**
 * The plugin as if it could do without its credentials, so that it is started without them: for what it says itself of one
 * that was deleted a moment ago.
 */
export async function needingNothing(plugin: unknown): Promise<MCPPlugin> {
  const made = await toPlugin({ default: plugin });
  return Object.defineProperties(made, {
    auth: { value: made.auth && { ...made.auth, required: false } },
    // It is to be run as it is.
    [NEW_INSTANCE]: { value: undefined },
  });
}
