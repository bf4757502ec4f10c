import { describe, expect, it } from "vitest";
import { elicit, inputRequired } from "../../../src/plugins/index.ts";
import { modern, modernRequest } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { readSse } from "../../helpers/sse.ts";
import { CLIENT_KEY, OTHER_CLIENT_KEY } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const CALLS = 200;
const CLIENTS = [
  { key: CLIENT_KEY, principal: "client-1" },
  { key: OTHER_CLIENT_KEY, principal: "client-2" },
] as const;

/** Says whose call it was, after a while that is different for each. */
function echo() {
  return testPlugin({
    tools: {
      echo: async ({ canary }, call) => {
        call.progress(1, undefined, `${call.principal.id} ${canary}`);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
        return { canary, principal: call.principal.id, requestId: call.requestId };
      },
      ask: ({ canary }, call) =>
        call.input === null
          ? inputRequired({
              inputRequests: { it: elicit(canary, { type: "object", properties: {} }) },
              state: { canary },
            })
          : { canary, state: call.input.state, principal: call.principal.id },
    },
  });
}

describe.each(WAYS)("200 calls of two clients at once, $way", ({ open }) => {
  it.each(["short", "streamed"])("get each its own answer and no other (%s)", async (how) => {
    const app = await open({ plugins: { demo: echo() } });
    const requestIds = new Set<string>();
    await Promise.all(
      Array.from({ length: CALLS }, async (_, at) => {
        const { key, principal } = CLIENTS[at % 2]!;
        const canary = `canary-${principal}-${at}`;
        const params = { name: "demo_echo", arguments: { canary } };
        const meta = how === "short" ? {} : { progressToken: at };
        // The same ids for both clients: nothing may be told apart by them alone.
        const id = Math.floor(at / 2);
        const response = await app.request(
          "/mcp",
          modernRequest("tools/call", params, { key, id, meta }),
        );
        const messages = how === "short" ? [await response.json()] : await readSse(response).rest();
        const answer = messages.at(-1) as {
          id: unknown;
          result: { structuredContent: Record<string, string> };
        };
        expect(answer.id).toBe(id);
        expect(answer.result.structuredContent).toMatchObject({ canary, principal });
        requestIds.add(answer.result.structuredContent["requestId"]!);
        const told = JSON.stringify(messages).match(/canary-client-\d-\d+/g)!;
        expect(new Set(told)).toEqual(new Set([canary]));
      }),
    );
    expect(requestIds.size).toBe(CALLS);
  });

  it("get each its own answer in ten sessions of each", async () => {
    const app = await open({ plugins: { demo: echo() } });
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const { key, principal } = CLIENTS[at % 2]!;
        const session = await openSession(app, { key });
        await Promise.all(
          Array.from({ length: CALLS / 20 }).map(async (_unused, call) => {
            const canary = `canary-${principal}-${at * 100 + call}`;
            const params = {
              name: "demo_echo",
              arguments: { canary },
              _meta: { progressToken: call },
            };
            const { result } = await session.call("tools/call", params);
            expect(result.structuredContent).toMatchObject({ canary, principal });
          }),
        );
        const foreign = session.received.filter(
          ({ params }) => !params.message.startsWith(principal),
        );
        expect(foreign).toEqual([]);
      }),
    );
  });

  it("open no state but their own", async () => {
    const app = await open({ plugins: { demo: echo() } });
    const options = (at: number) => ({
      key: CLIENTS[at % 2]!.key,
      capabilities: { elicitation: {} },
    });
    const states = await Promise.all(
      Array.from({ length: CALLS }, async (_, at) => {
        const params = { name: "demo_ask", arguments: { canary: "same" } };
        const { body } = await modern(app, "tools/call", params, options(at));
        return body.result.requestState as string;
      }),
    );
    expect(new Set(states).size).toBe(CALLS);
    await Promise.all(
      states.map(async (requestState, at) => {
        const params = { name: "demo_ask", arguments: { canary: "same" }, requestState };
        const own = await modern(app, "tools/call", params, options(at));
        expect(own.body.result.structuredContent).toMatchObject({
          principal: CLIENTS[at % 2]!.principal,
        });
        const other = await modern(app, "tools/call", params, options(at + 1));
        expect(other.body.error?.code).toBe(-32602);
      }),
    );
  });
});
