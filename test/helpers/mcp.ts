import type { TestApp } from "./test-app.ts";

export const REVISION = "2026-07-28";

export interface JsonRpcAnswer {
  readonly id: unknown;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly result?: any;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export interface ModernOptions {
  readonly key?: string | null;
  readonly id?: unknown;
  readonly headers?: Record<string, string>;
  readonly meta?: Record<string, unknown>;
  readonly capabilities?: Record<string, unknown>;
  readonly signal?: AbortSignal;
}

export type ModernRequest = Omit<RequestInit, "headers" | "body"> & {
  readonly key?: string | null;
  readonly headers: Record<string, string>;
  readonly body: string;
};

/** A 2026-07-28 request as a correct client sends it. */
export function modernRequest(
  method: string,
  params: Record<string, unknown> = {},
  options: ModernOptions = {},
): ModernRequest {
  const name = params["name"] ?? params["uri"];
  return {
    method: "POST",
    ...(options.key !== undefined && { key: options.key }),
    ...(options.signal && { signal: options.signal }),
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": REVISION,
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
      ...options.headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: options.id ?? 1,
      method,
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": REVISION,
          "io.modelcontextprotocol/clientInfo": { name: "test-client", version: "1.0.0" },
          "io.modelcontextprotocol/clientCapabilities": options.capabilities ?? {},
          ...options.meta,
        },
      },
    }),
  };
}

/** Sends it and reads the one JSON answer. */
export async function modern(
  app: Pick<TestApp, "request">,
  method: string,
  params?: Record<string, unknown>,
  options?: ModernOptions,
): Promise<{ readonly status: number; readonly body: JsonRpcAnswer }> {
  const response = await app.request("/mcp", modernRequest(method, params, options));
  return { status: response.status, body: (await response.json()) as JsonRpcAnswer };
}
