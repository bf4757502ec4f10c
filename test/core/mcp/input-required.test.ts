import { describe, expect, it } from "vitest";
import {
  elicit,
  elicitUrl,
  inputRequired,
  listRoots,
  sample,
  type CallContext,
  type InputRequest,
} from "../../../src/plugins/index.ts";
import { canary } from "../../helpers/canary.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { modern, type JsonRpcAnswer, type ModernOptions } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { OTHER_CLIENT_KEY, type TestApp } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const SECRET = canary("91c4");
const FORM = elicit("What is your name?", {
  type: "object",
  properties: { name: { type: "string" } },
});
const ELICITATION = { capabilities: { elicitation: {} } } satisfies ModernOptions;

/** A plugin that asks once, whatever is called, and then tells what it was answered. */
function asking(
  question = inputRequired({ inputRequests: { who: FORM }, state: { secret: SECRET } }),
) {
  const inputs: unknown[] = [];
  const run = (call: CallContext | undefined) => {
    inputs.push(call!.input);
    return call!.input === null ? question : "Done.";
  };
  const plugin = testPlugin({
    tools: { ask: (_, call) => run(call), other: (_, call) => run(call) },
    getResources: () => [
      { uri: "demo://ask", name: "ask" },
      { uri: "demo://other", name: "other" },
    ],
    readResource: async (_, call) => run(call),
    getPrompts: () => [{ name: "ask" }, { name: "other" }],
    getPrompt: async (_name, _args, call) => run(call),
  });
  return { plugins: { demo: plugin }, inputs };
}

interface Target {
  readonly what: string;
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly options: ModernOptions;
}

const TARGETS: readonly Target[] = [
  {
    what: "a tool, on the short path",
    method: "tools/call",
    params: { name: "demo_ask", arguments: { a: 1, b: 2 } },
    options: ELICITATION,
  },
  {
    what: "a tool, on the SDK's path",
    method: "tools/call",
    params: { name: "demo_ask", arguments: { a: 1, b: 2 } },
    options: { ...ELICITATION, meta: { progressToken: 1 } },
  },
  {
    what: "a resource",
    method: "resources/read",
    params: { uri: "demo://ask" },
    options: ELICITATION,
  },
  {
    what: "a prompt",
    method: "prompts/get",
    params: { name: "demo_ask", arguments: { a: "1" } },
    options: ELICITATION,
  },
];

const ANSWERS = { who: { action: "accept", content: { name: "Ada" } } };

describe.each(WAYS)("input that is required, $way", ({ open }) => {
  describe.each(TARGETS)("by $what", ({ method, params, options }) => {
    const ask = (app: Pick<TestApp, "request">, extra: object = {}, more: ModernOptions = {}) =>
      modern(app, method, { ...params, ...extra }, { ...options, ...more });

    it("row 23: is asked for in the answer, with the state sealed", async () => {
      const { plugins, inputs } = asking();
      const app = await open({ plugins });
      const { status, body } = await ask(app);
      expect(status).toBe(200);
      expect(body.result).toEqual({
        resultType: "input_required",
        inputRequests: { who: FORM },
        requestState: expect.stringMatching(/^v1\.[\w-]+$/),
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "test-server", version: "1.0.0" } },
      });
      expect(decoded(body)).not.toContain(SECRET);
      expect(inputs).toEqual([null]);
    });

    it("comes back with the repeated call, beside the state that was given", async () => {
      const { plugins, inputs } = asking();
      const app = await open({ plugins });
      const { requestState } = (await ask(app)).body.result;
      const { body } = await ask(app, { inputResponses: ANSWERS, requestState });
      expect(body.result.resultType).toBe("complete");
      expect(inputs).toEqual([null, { responses: ANSWERS, state: { secret: SECRET } }]);
    });

    it("comes without what is no answer, and without a state when there was none", async () => {
      const { plugins, inputs } = asking();
      const app = await open({ plugins });
      const inputResponses = { ...ANSWERS, a: 5, b: null, c: { method: "x", result: {} } };
      await ask(app, { inputResponses });
      expect(inputs).toEqual([{ responses: ANSWERS, state: undefined }]);
    });

    it("row 24: is not taken with a state that was changed, and the plugin does not run", async () => {
      const { plugins, inputs } = asking();
      const app = await open({ plugins });
      const { requestState } = (await ask(app)).body.result as { requestState: string };
      const middle = Math.floor(requestState.length / 2);
      const flipped = requestState[middle] === "A" ? "B" : "A";
      const forged = [
        `${requestState.slice(0, middle)}${flipped}${requestState.slice(middle + 1)}`,
        requestState.slice(0, -1),
        requestState.slice(0, middle),
        `${requestState}A`,
        `${requestState}.A`,
        requestState.replace("v1.", "v2."),
        requestState.replace("v1.", ""),
        `v1.${btoa(JSON.stringify({ state: {}, expires: 9e15 }))}`,
        "v1.",
        "",
        "x".repeat(10_000),
      ];
      for (const state of forged) {
        const { status, body } = await ask(app, { inputResponses: ANSWERS, requestState: state });
        expect([state, status, body.error]).toEqual([state, 200, INVALID_STATE]);
      }
      expect(inputs).toEqual([null]);
      expect(app.logs.filter(({ message }) => message === "Refused a request state")).toHaveLength(
        forged.length,
      );
    });

    it("row 24: is not taken with a state that is no text", async () => {
      const { plugins, inputs } = asking();
      const app = await open({ plugins });
      for (const requestState of [5, {}, [], true, null]) {
        const { body } = await ask(app, { inputResponses: ANSWERS, requestState });
        expect([requestState, body.error?.code]).toEqual([requestState, -32602]);
      }
      expect(inputs).toEqual([]);
    });

    it("row 24: is not taken from another client", async () => {
      const { plugins, inputs } = asking();
      const app = await open({ plugins });
      const { requestState } = (await ask(app)).body.result;
      const { body } = await ask(app, { requestState }, { key: OTHER_CLIENT_KEY });
      expect(body.error).toEqual(INVALID_STATE);
      expect(inputs).toEqual([null]);
      expect((await ask(app, { requestState })).body.result.resultType).toBe("complete");
    });

    it("row 24: is not taken after ten minutes", async () => {
      const time = createFakeTime();
      const { plugins, inputs } = asking();
      const app = await open({ plugins, deps: { time } });
      const { requestState } = (await ask(app)).body.result;
      await time.advance(10 * 60_000 - 1);
      expect((await ask(app, { requestState })).body.result.resultType).toBe("complete");
      await time.advance(1);
      expect((await ask(app, { requestState })).body.error).toEqual(INVALID_STATE);
      expect(inputs).toHaveLength(2);
    });

    it("row 24: is not taken by another server, whose key differs", async () => {
      const { plugins } = asking();
      const first = await open({ plugins });
      const { requestState } = (await ask(first)).body.result;
      const { plugins: others, inputs } = asking();
      const stateKey = new Uint8Array(32).fill(8);
      const second = await open({ plugins: others, deps: { stateKey } });
      expect((await ask(second, { requestState })).body.error).toEqual(INVALID_STATE);
      expect(inputs).toEqual([]);
    });
  });

  it.each<[what: string, method: string, params: Record<string, unknown>]>([
    ["other arguments", "tools/call", { name: "demo_ask", arguments: { a: 1, b: 3 } }],
    ["fewer arguments", "tools/call", { name: "demo_ask", arguments: { a: 1 } }],
    ["no arguments", "tools/call", { name: "demo_ask" }],
    ["another tool", "tools/call", { name: "demo_other", arguments: { a: 1, b: 2 } }],
    ["a prompt of that name", "prompts/get", { name: "demo_ask", arguments: { a: "1", b: "2" } }],
    ["a resource", "resources/read", { uri: "demo://ask" }],
  ])("row 24: a tool's state does not open for %s", async (_, method, params) => {
    const { plugins, inputs } = asking();
    const app = await open({ plugins });
    const { requestState } = (await modern(app, "tools/call", TARGETS[0]!.params, ELICITATION)).body
      .result;
    const { status, body } = await modern(app, method, { ...params, requestState }, ELICITATION);
    expect([status, body.error]).toEqual([200, INVALID_STATE]);
    expect(inputs).toEqual([null]);
  });

  it("row 24: a state opens for the same arguments in another order", async () => {
    const { plugins } = asking();
    const app = await open({ plugins });
    const { requestState } = (await modern(app, "tools/call", TARGETS[0]!.params, ELICITATION)).body
      .result;
    const params = { name: "demo_ask", arguments: { b: 2, a: 1 }, requestState };
    expect((await modern(app, "tools/call", params, ELICITATION)).body.result.resultType).toBe(
      "complete",
    );
  });

  it.each<[what: string, request: InputRequest, capabilities: object, required: object]>([
    ["a form", FORM, {}, { elicitation: { form: {} } }],
    [
      "a form, when the client only opens addresses",
      FORM,
      { elicitation: { url: {} } },
      { elicitation: { form: {} } },
    ],
    [
      "an address",
      elicitUrl("Sign in.", "https://example.org/"),
      { elicitation: {} },
      { elicitation: { url: {} } },
    ],
    ["its model", sample({ messages: [], maxTokens: 1 }), { elicitation: {} }, { sampling: {} }],
    ["its roots", listRoots(), { elicitation: {}, sampling: {} }, { roots: {} }],
  ])(
    "row 10: a client that cannot be asked for %s is told what it lacks",
    async (_, request, capabilities, required) => {
      const { plugins, inputs } = asking(inputRequired({ inputRequests: { it: request } }));
      const app = await open({ plugins });
      for (const { method, params, options } of TARGETS) {
        const client = { ...options, capabilities: capabilities as Record<string, unknown> };
        const { status, body } = await modern(app, method, params, client);
        expect([status, body.error?.code, body.error?.data]).toEqual([
          400,
          -32021,
          { requiredCapabilities: required },
        ]);
      }
      expect(inputs).toEqual([null, null, null, null]);
    },
  );

  it("may be a state alone, for which the client just calls again", async () => {
    const { plugins, inputs } = asking(inputRequired({ state: 7 }));
    const app = await open({ plugins });
    const { result } = (await modern(app, "tools/call", { name: "demo_ask" })).body;
    expect(result).toMatchObject({ resultType: "input_required" });
    expect(result.inputRequests).toBeUndefined();
    await modern(app, "tools/call", { name: "demo_ask", requestState: result.requestState });
    expect(inputs).toEqual([null, { responses: {}, state: 7 }]);
  });
});

const INVALID_STATE = {
  code: -32602,
  message: "Invalid or expired requestState",
  data: { reason: "invalid_request_state" },
};

function decoded({ result }: JsonRpcAnswer): string {
  const body = (result.requestState as string).slice("v1.".length);
  return JSON.stringify(result) + Buffer.from(body, "base64url").toString("latin1");
}
