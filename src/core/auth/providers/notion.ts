import { ok } from "../../../util/result.ts";
import { isJsonObject } from "../../../util/json-object.ts";
import type { OAuthProvider } from "./provider.ts";

const API = "https://api.notion.com/v1";

export const notion: OAuthProvider = {
  name: "notion",
  title: "Notion",
  clientAuth: "basic",
  endpoints: () =>
    ok({
      issuer: null,
      authorization: `${API}/oauth/authorize`,
      token: `${API}/oauth/token`,
      api: API,
    }),
  authorizationUrl: ({ Notion }, { clientId, redirectUri, state }) =>
    new Notion(clientId, "", redirectUri).createAuthorizationURL(state),
  // It has capabilities, which stand in the connection that the operator has set up.
  isScopeless: () => true,
  account({ owner, workspace_name: workspace }) {
    const user = isJsonObject(owner) && isJsonObject(owner["user"]) ? owner["user"] : {};
    const person = isJsonObject(user["person"]) ? user["person"] : {};
    const name = person["email"] ?? user["name"];
    return typeof name === "string" && typeof workspace === "string"
      ? `${name} (${workspace})`
      : (name ?? workspace);
  },
  revocation: ({ endpoints, basic, accessToken }) =>
    basic === null
      ? null
      : {
          url: `${endpoints.api}/oauth/revoke`,
          method: "POST",
          headers: {
            authorization: basic,
            "content-type": "application/json",
            "notion-version": "2025-09-03",
          },
          body: JSON.stringify({ token: accessToken }),
          isDone: (status) => status === 200,
        },
};
