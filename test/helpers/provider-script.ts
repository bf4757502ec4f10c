import type {
  GrantedToken,
  OAuthClient,
  OAuthClientSpec,
  OAuthFault,
} from "../../src/core/auth/oauth-client.ts";
import { ok, refuse } from "../../src/util/result.ts";

export const PROVIDER_SPEC: OAuthClientSpec = {
  instanceId: "drive",
  declared: { provider: "custom", scopes: ["read"] },
  settings: { clientId: "client" },
  redirectUri: "https://mcp.example/oauth/callback/drive",
  metadataUrl: "https://mcp.example/oauth/client/drive",
  secret: async () => null,
  registered: {
    load: async () => null,
    save: async () => undefined,
    alone: (work) => work(),
  },
};

/** A provider that hands out numbered tokens, and keeps its own books of what it gave and took. */
export function createProviderScript(now: () => number, lifetimeMs = 3_600_000) {
  const state = {
    /** Requests of each kind that came. */
    refreshes: 0,
    revocations: [] as string[],
    /** Whether a refresh token is good once alone. */
    isStrict: true,
    /** What the next requests are answered, instead of tokens. */
    faults: [] as OAuthFault[],
    /** Whether a new refresh token comes with each access token. */
    rotates: true,
    /** Run when a refresh has been decided, before its answer goes out. */
    beforeAnswer: async (): Promise<void> => undefined,
  };
  let count = 0;
  let current = "";
  const grant = (refreshToken?: string): GrantedToken => ({
    token: {
      accessToken: `access-${++count}-of-the-provider`,
      ...(refreshToken !== undefined && { refreshToken }),
      expiresAt: now() + lifetimeMs,
      scope: "read",
      tokenType: "Bearer",
    },
    missingScopes: [],
    account: "zoe@example.com",
  });
  const next = () => (current = `refresh-${count + 1}-of-the-provider`);
  const client: OAuthClient = {
    authorizationUrl: async (_spec, { state: sent }) =>
      ok({ url: `https://provider.example/authorize?state=${sent}`, issuer: null, scope: "read" }),
    exchange: async () => ok(grant(next())),
    async refresh(_spec, refreshToken) {
      state.refreshes++;
      const fault = state.faults.shift();
      if (fault !== undefined) return refuse(fault);
      if (state.isStrict && refreshToken !== current) {
        return refuse({ kind: "invalid-grant", reason: "the provider ended the grant" });
      }
      const granted = grant(state.rotates ? next() : undefined);
      await state.beforeAnswer();
      return ok(granted);
    },
    clientCredentials: async () => {
      state.refreshes++;
      const fault = state.faults.shift();
      if (fault !== undefined) return refuse(fault);
      return ok(grant());
    },
    async revoke(_spec, { accessToken }) {
      state.revocations.push(accessToken);
      return "revoked";
    },
  };
  return { client, state, first: () => grant(next()) };
}
