import { ok, refuse } from "../../../util/result.ts";
import type { OAuthProvider } from "./provider.ts";

const LOGIN = "https://login.microsoftonline.com";
const GRAPH = "https://graph.microsoft.com/";
const TENANT = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const microsoft: OAuthProvider = {
  name: "microsoft",
  title: "Microsoft",
  clientAuth: "post",
  endpoints({ tenant = "common" }) {
    if (!TENANT.test(tenant)) {
      return refuse(
        "`tenant` must be `common`, `organizations`, `consumers`, a tenant's id or a domain.",
      );
    }
    const base = `${LOGIN}/${tenant}/oauth2/v2.0`;
    return ok({
      // Any other name of a tenant answers with the issuer of the person's own.
      issuer: TENANT_ID.test(tenant) ? `${LOGIN}/${tenant.toLowerCase()}/v2.0` : null,
      authorization: `${base}/authorize`,
      token: `${base}/token`,
    });
  },
  authorizationUrl({ MicrosoftEntraId }, request) {
    const { clientId, redirectUri, state, codeVerifier, scopes, settings } = request;
    const { tenant = "common" } = settings;
    const entra = new MicrosoftEntraId(tenant, clientId, null, redirectUri);
    return entra.createAuthorizationURL(state, codeVerifier, [...scopes]);
  },
  offlineScopes: ["offline_access"],
  refreshesWithScope: true,
  errors: {
    // A person must answer something before there are tokens again: a second factor, new terms, a changed password.
    interaction_required: "invalid-grant",
    consent_required: "invalid-grant",
    login_required: "invalid-grant",
  },
  // `User.Read` is short for `https://graph.microsoft.com/User.Read`, and it writes them as it likes.
  canonicalScope(scope) {
    const name = scope.toLowerCase();
    return name.startsWith(GRAPH) ? name.slice(GRAPH.length) : name;
  },
};
