import { AppError } from "../errors.ts";
import { checkCredential } from "./field-validation.ts";
import type { PluginManager } from "./plugin-manager.ts";

/** Whether a value may be stored for an instance. */
export type AssertAcceptable = (instanceId: string, name: string, value: string) => void;

/**
 * Checks by what the plugin says of its credentials, if it says anything.
 *
 * The function throws AppError `NOT_FOUND` when there is no such instance, `CREDENTIAL_INVALID` for another name or value
 * than its plugin takes.
 */
export function createAcceptance(
  manager: Pick<PluginManager, "authOf" | "registry">,
): AssertAcceptable {
  return function assertAcceptable(instanceId, name, value) {
    if (!manager.registry.instances.some(({ settings }) => settings.id === instanceId)) {
      throw new AppError("NOT_FOUND", `There is no plugin "${instanceId}".`);
    }
    const checked = checkCredential(manager.authOf(instanceId), name, value);
    if (!checked.ok) throw new AppError("CREDENTIAL_INVALID", checked.reason);
  };
}
