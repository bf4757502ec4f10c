/** The cookies that this server sets: the sign-in session, and what binds a browser to the flows that it began. */
export type CookieName = "session" | "connect";

/** Reads and writes cookies for one public address. */
export interface Cookies {
  /** `null` when the request has none, or more than one. */
  read(request: Pick<Request, "headers">, name: CookieName): string | null;
  /** The value of a `Set-Cookie` header. */
  write(name: CookieName, value: string, maxAgeSeconds: number): string;
}

/**
 * `__Host-` cookies where the address is https: no other host, not even a sibling domain, can set one. On plain http, which is
 * for this machine alone, browsers take no such names.
 *
 * `Lax`, because people come from a chat and come back from a provider, and both are other sites; what changes something is
 * no GET and is checked for its origin.
 */
export function createCookies(publicUrl: () => string): Cookies {
  const isSecure = () => publicUrl().startsWith("https:");
  const nameOf = (name: CookieName) => {
    if (isSecure()) return `__Host-mcp-plugin-server-${name}`;
    // Cookies know no ports: two servers on one machine would take each other's away.
    return `mcp-plugin-server-${new URL(publicUrl()).port || "80"}-${name}`;
  };
  return {
    read(request, name) {
      const wanted = `${nameOf(name)}=`;
      const found = (request.headers.get("cookie") ?? "")
        .split(";")
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(wanted));
      return found.length === 1 ? found[0]!.slice(wanted.length) : null;
    },
    write(name, value, maxAgeSeconds) {
      const secure = isSecure() ? "; Secure" : "";
      return `${nameOf(name)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${secure}`;
    },
  };
}
