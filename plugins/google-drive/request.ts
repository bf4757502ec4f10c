import type { DriveContext } from "./settings.ts";

/** What Google answered, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Request {
  readonly url: URL;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs: number;
  /** Of the answer. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Sends one GET with the token in its header, by the server's guarded way out.
 *
 * @throws whatever `context.fetch` throws
 */
export async function send(request: Request, plugin: DriveContext["plugin"]): Promise<Answer> {
  const { url, token, headers, timeoutMs, maxBytes, signal } = request;
  const response = await plugin.fetch(url, {
    headers: { ...headers, authorization: `Bearer ${token}` },
    timeoutMs,
    maxBytes,
    signal,
    // The API never redirects, so whoever does is not to be followed.
    redirect: "refuse",
  });
  return {
    status: response.status,
    headers: response.headers,
    bytes: new Uint8Array(await response.arrayBuffer()),
  };
}
