import { isLoopbackHost } from "../outbound/policy.ts";

/**
 * Whether an address may be an endpoint. People are sent to it, or secrets are, so it is no `javascript:` and nothing that
 * others can read along. Whether it may be asked is decided where it is asked.
 */
export function isEndpoint(address: unknown): address is string {
  const url = typeof address === "string" ? URL.parse(address) : null;
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
}
