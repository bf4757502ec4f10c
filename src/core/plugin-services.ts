import { AppError } from "../errors.ts";
import type { CredentialSource } from "../types/auth.ts";
import type { PluginInstanceDeps } from "./plugin-instance.ts";

/** What the server does for one instance. It closes over the id, so that no plugin can name another's. */
export function createServices(
  instanceId: string,
  credentials: CredentialSource,
): PluginInstanceDeps["services"] {
  const refuse = async (): Promise<never> => {
    throw new AppError("NOT_CONNECTED", `No account is connected to "${instanceId}".`);
  };
  return {
    getCredential: (key) => credentials.get(instanceId, key),
    setCredential: (key, value) => credentials.set(instanceId, key, value),
    getAccessToken: refuse,
    isAuthenticated: async () => false,
    getTokenInfo: async () => null,
    requireReauth: refuse,
  };
}
