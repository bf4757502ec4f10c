import { readSettings, type SettingFlags } from "../settings.ts";
import type { AdminApi } from "./admin-api.ts";
import type { CommandContext } from "./credentials.ts";
import type { LocalAdminOptions } from "./local-admin.ts";
import { openAdminApi } from "./vault-access.ts";
import { withProgress } from "./with-progress.ts";

/** Opens the admin API for one command, and closes it however that ends. */
export async function withAdminApi<T>(
  { env, output }: Pick<CommandContext, "env" | "output">,
  flags: SettingFlags & { readonly json?: boolean },
  use: (api: AdminApi) => Promise<T>,
  options?: LocalAdminOptions,
): Promise<T> {
  const settings = readSettings(env, flags);
  // Where no server runs, plugins may have to be started first.
  const progress = { output, label: "Getting ready", json: flags.json };
  const api = await withProgress(progress, () => openAdminApi(settings, output, options));
  try {
    return await use(api);
  } finally {
    await api.close();
  }
}
