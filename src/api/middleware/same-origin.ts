/**
 * Whether a request comes from a page of this server's own. Browsers say where a POST comes from; a request that does not say
 * is none of a page's, or hides it. The gate has found the host to be one of ours.
 *
 * @param publicUrl the server's own origin, as browsers see it
 */
export function isSameOrigin(headers: Headers, publicUrl: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const { protocol, origin } = new URL(publicUrl);
  const from = headers.get("origin");
  return from === origin || from === `${protocol}//${headers.get("host")}`;
}
