import { onTestFinished } from "vitest";
import type { TestHost } from "../../src/plugins/index.ts";
import { modern, type JsonRpcAnswer } from "../helpers/mcp.ts";
import type { TestApp } from "../helpers/test-app.ts";

export interface ToolAnswer {
  readonly content: readonly { readonly type: "text"; readonly text: string }[];
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly structuredContent: any;
}

export type CallTool = (
  name: string,
  args?: Record<string, unknown>,
  signal?: AbortSignal,
) => Promise<ToolAnswer>;

export interface SearchedCalls {
  /** Calls a tool. */
  readonly call: CallTool;
  /** Keeps what a request of another kind comes to. */
  readonly note: <T>(asked: Promise<T>) => Promise<T>;
}

/**
 * Calls of a plugin whose answers and errors are searched for secrets when the test ends, as are the logs. The host and its
 * service are closed then, too.
 *
 * @param search throws when it finds a secret in what it is given
 */
export function searchCalls(
  host: TestHost,
  service: { close(): Promise<void> },
  search: (said: unknown) => void,
): SearchedCalls {
  const said: unknown[] = [];
  onTestFinished(async () => {
    await host.close();
    await service.close();
    search([said, host.serverLog, host.clientLog, host.progress]);
  });
  const note: SearchedCalls["note"] = async (asked) => {
    try {
      const answer = await asked;
      said.push(answer);
      return answer;
    } catch (error) {
      said.push(error);
      throw error;
    }
  };
  return {
    note,
    call: async (name, args = {}, signal) =>
      (await note(host.callTool(name, args, signal && { signal }))) as ToolAnswer,
  };
}

/** Requests to plugins on a whole server, which keep in `said` what it answers. */
export function noteRequests(app: () => TestApp) {
  const said: unknown[] = [];
  const ask = async (
    method: string,
    params: Record<string, unknown> = {},
  ): Promise<JsonRpcAnswer> => {
    const { body } = await modern(app(), method, params);
    said.push(body);
    return body;
  };
  return {
    said,
    ask,
    call: async (name: string, args: Record<string, unknown>) =>
      (await ask("tools/call", { name, arguments: args })).result,
  };
}
