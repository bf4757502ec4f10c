import {
  AppError,
  checkCredential,
  createInstanceRepository,
  readAuthConfig,
  readRegistry,
} from "../../../src/index.ts";
import { discoveryOf } from "../plugin-discovery.ts";
import type { Settings } from "../settings.ts";
import type { NodeStores } from "../stores.ts";
import type { CredentialName } from "./vault-access.ts";
import { createPlainLogger } from "./plain-logger.ts";
import { unknownInstance } from "./vault-refusals.ts";

/**
 * Checks a value by what the plugin's manifest says of its credentials, and answers whether it says anything. No plugin code
 * runs for that, so what a plugin says in its code is not known here, and nobody checks the value by it later.
 *
 * @throws AppError `NOT_FOUND`, `CREDENTIAL_INVALID`, `PLUGIN_INVALID`
 */
export async function assertAcceptable(
  settings: Settings,
  { entries, database }: Pick<NodeStores, "entries" | "database">,
  { plugin, name }: CredentialName,
  value: string,
): Promise<{ readonly isChecked: boolean }> {
  const { instances } = await readRegistry({
    entries,
    store: createInstanceRepository(database.db),
    discovery: discoveryOf(settings),
    runAllIn: null,
    // What is wrong with other folders does not matter here.
    logger: createPlainLogger({ err: () => {} }),
  });
  const instance = instances.find(({ settings: { id } }) => id === plugin);
  if (instance === undefined) {
    throw unknownInstance(
      plugin,
      instances.map(({ settings: { id } }) => id),
    );
  }
  const auth = readAuthConfig(instance.package?.manifest?.auth, null);
  if (!auth.ok) throw new AppError("PLUGIN_INVALID", auth.reason);
  const checked = checkCredential(auth.value, name, value);
  if (!checked.ok) throw new AppError("CREDENTIAL_INVALID", checked.reason);
  return { isChecked: auth.value !== null };
}
