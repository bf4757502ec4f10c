import type { PluginAuthConfig } from "mcp-plugin-server/plugin";

/**
 * The least with which every tool works. `drive.metadata.readonly` lets nobody read a file, `drive.file` shows those alone that
 * somebody has picked for this app one by one, and everything else may also write. Google Sheets takes it as well.
 */
const SCOPE = "https://www.googleapis.com/auth/drive.readonly";

export const AUTH: PluginAuthConfig = {
  type: "oauth2",
  required: true,
  fields: {},
  oauth: { provider: "google", scopes: [SCOPE] },
};
