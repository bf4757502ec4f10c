import { readSettings, type SettingFlags } from "../settings.ts";
import type { AdminApi } from "./admin-api.ts";
import type { CommandContext } from "./credentials.ts";
import type { LocalAdminOptions } from "./local-admin.ts";
import { openAdminApi } from "./vault-access.ts";

/** Opens the admin API for one command, and closes it however that ends. */
export async function withAdminApi<T>(
  { env, output }: Pick<CommandContext, "env" | "output">,
  flags: SettingFlags,
  use: (api: AdminApi) => Promise<T>,
  options?: LocalAdminOptions,
): Promise<T> {
  const api = await openAdminApi(readSettings(env, flags), output, options);
  try {
    return await use(api);
  } finally {
    await api.close();
  }
}
