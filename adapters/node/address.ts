import { isIPv6 } from "node:net";
import type { Settings } from "./settings.ts";

/** Where clients find the server: its PUBLIC_URL, or the address it listens on. No trailing slash. */
export function serverUrl(
  { publicUrl, host, tls }: Pick<Settings, "publicUrl" | "host" | "tls">,
  port: number,
): string {
  if (publicUrl !== null) return publicUrl;
  // A wildcard is an address to listen on, and none to go to.
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `${tls === null ? "http" : "https"}://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}
