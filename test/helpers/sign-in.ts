import type { AdminApp } from "./admin-app.ts";
import { ADMIN_TOKEN, OWN_PAGE } from "./test-app.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** A browser signs in as a page of the server's own. */
export async function signIn(app: AdminApp, token = ADMIN_TOKEN) {
  const response = await app.request("/api/session", {
    method: "POST",
    key: null,
    headers: { ...OWN_PAGE, ...JSON_TYPE },
    body: JSON.stringify({ token }),
  });
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  return { response, cookie, session: await response.json() };
}
