/** The text of a JSON-RPC error; `id` is `null` where the request's is not known or does not matter. */
export function jsonRpcErrorText(
  id: string | number | null,
  code: number,
  message: string,
  data?: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, ...(data && { data }) } });
}

/** A JSON-RPC error as the whole answer to an HTTP request. */
export function jsonRpcError(
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(jsonRpcErrorText(null, code, message), {
    status,
    headers: { ...headers, "content-type": "application/json" },
  });
}
