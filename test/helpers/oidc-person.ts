export interface PersonOptions {
  readonly login?: string;
  readonly decision?: "allow" | "deny";
}

/**
 * A person with a browser of their own, who follows a link to an authorization server, logs in and decides.
 *
 * @param until whether an address is where they are to end up; it is not asked for
 * @returns that address
 */
export async function grantAs(
  link: string,
  until: string,
  { login = "alice", decision = "allow" }: PersonOptions = {},
): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(link);
  let form: URLSearchParams | null = null;
  for (let hop = 0; hop < 20; hop++) {
    if (url.href.startsWith(until)) return url;
    const response: Response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form !== null && { method: "POST", body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name!, value!);
    }
    const text = await response.text();
    const location = response.headers.get("location");
    if (location !== null) {
      form = null;
      url = new URL(location, url);
    } else if (response.status === 200 && form === null) {
      form = new URLSearchParams({ login, decision });
    } else {
      throw new Error(`The server answered ${response.status} at ${url.pathname}: ${text}`);
    }
  }
  throw new Error("The server sends people around in a circle.");
}
