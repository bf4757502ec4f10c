import { modernRequest, type JsonRpcAnswer } from "./mcp.ts";
import { openSession } from "./session.ts";
import { readSse } from "./sse.ts";
import type { TestApp } from "./test-app.ts";

export type CallTool = (
  app: Pick<TestApp, "request">,
  name: string,
  args?: Record<string, unknown>,
) => Promise<JsonRpcAnswer>;

/** The ways a tool call can take inside the server. What a plugin does must look the same behind each. */
export const CALL_PATHS: readonly { readonly path: string; readonly callTool: CallTool }[] = [
  {
    path: "on the short path",
    callTool: async (app, name, args = {}) => {
      const response = await app.request(
        "/mcp",
        modernRequest("tools/call", { name, arguments: args }),
      );
      return (await response.json()) as JsonRpcAnswer;
    },
  },
  { path: "on the SDK's path", callTool: callBySdk },
  {
    path: "in a 2025 session",
    callTool: async (app, name, args = {}) =>
      (await openSession(app)).call("tools/call", { name, arguments: args }),
  },
];

/** A progress token is nothing that the short path serves. */
async function callBySdk(
  app: Pick<TestApp, "request">,
  name: string,
  args: Record<string, unknown> = {},
): Promise<JsonRpcAnswer> {
  const options = { meta: { progressToken: "token" } };
  const response = await app.request(
    "/mcp",
    modernRequest("tools/call", { name, arguments: args }, options),
  );
  const isStream = response.headers.get("content-type")!.startsWith("text/event-stream");
  return (
    isStream ? (await readSse(response).rest()).at(-1) : await response.json()
  ) as JsonRpcAnswer;
}
