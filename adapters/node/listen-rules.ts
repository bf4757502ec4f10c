import { isIPv6 } from "node:net";
import { AppError, LOOPBACK_NAMES, type ServerConfig } from "../../src/index.ts";
import type { Settings } from "./settings.ts";

/**
 * Refuses to listen where it would be unsafe: beyond this machine without TLS (its own, or that of a proxy behind an
 * https PUBLIC_URL), or beyond this machine without authentication.
 *
 * @throws AppError `UNSAFE_LISTEN` with the ways out
 */
export function assertSafeListen({
  host,
  auth,
  tls,
  publicUrl,
}: Pick<Settings, "host" | "auth" | "tls" | "publicUrl">): void {
  const isPublic = publicUrl !== null && !LOOPBACK_NAMES.has(new URL(publicUrl).hostname);
  if (isLoopback(host) && !(auth === "none" && isPublic)) return;
  if (auth === "none") {
    throw new AppError(
      "UNSAFE_LISTEN",
      `MCP_AUTH=none lets anybody call every tool, so it works on this machine alone. Remove MCP_AUTH, or set HOST=127.0.0.1 and no PUBLIC_URL.`,
    );
  }
  if (tls === null && !publicUrl?.startsWith("https://")) {
    throw new AppError(
      "UNSAFE_LISTEN",
      `HOST=${host} is reachable from other machines, and keys would travel unencrypted. Set TLS_CERT_FILE and TLS_KEY_FILE, or PUBLIC_URL=https://… when a proxy in front does TLS, or HOST=127.0.0.1.`,
    );
  }
}

/** Who may speak to the server, and how. */
export function toServerConfig({
  host,
  publicUrl,
  auth,
  sse,
}: Pick<Settings, "host" | "publicUrl" | "auth" | "sse">): ServerConfig {
  const named = host === "0.0.0.0" || host === "::" ? [] : [isIPv6(host) ? `[${host}]` : host];
  const published = publicUrl === null ? [] : [new URL(publicUrl).hostname];
  return {
    allowedHosts: [...new Set([...LOOPBACK_NAMES, ...named, ...published])],
    allowedOrigins: publicUrl === null ? [] : [publicUrl],
    auth,
    sse,
    websocket: true,
  };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
