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
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession, type SessionClient, type SessionOptions } from "../../helpers/session.ts";
import { WAYS } from "../../helpers/ways.ts";

const FORM = elicit("What is your name?", {
  type: "object",
  properties: { name: { type: "string" } },
});
const MODEL = sample({
  messages: [{ role: "user", content: { type: "text", text: "Hi." } }],
  maxTokens: 5,
});
const SAID = { role: "assistant", content: { type: "text", text: "Hello." }, model: "test" };
const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

const ANSWERS: SessionOptions["answers"] = {
  "elicitation/create": () => ({ action: "accept", content: { name: "Ada" } }),
  "sampling/createMessage": () => SAID,
  "roots/list": () => ({ roots: [{ uri: "file:///home" }] }),
};

/** Asks once for this and then answers what it got, as text. */
function asking(request: InputRequest) {
  const run = (call: CallContext | undefined) =>
    call!.input === null
      ? inputRequired({ inputRequests: { it: request }, state: { round: 1 } })
      : JSON.stringify(call!.input);
  return testPlugin({
    tools: { ask: (_, call) => run(call) },
    getResources: () => [{ uri: "demo://ask", name: "ask" }],
    readResource: async (_, call) => run(call),
    getPrompts: () => [{ name: "ask" }],
    getPrompt: async (_name, _args, call) => run(call),
  });
}

describe.each(WAYS)("a question in a 2025 session, $way", ({ open }) => {
  it.each<[what: string, request: InputRequest, asked: object, answer: object]>([
    [
      "a form",
      FORM,
      { method: "elicitation/create", params: { mode: "form", message: "What is your name?" } },
      { action: "accept", content: { name: "Ada" } },
    ],
    [
      "an address",
      elicitUrl("Sign in.", "https://example.org/"),
      { method: "elicitation/create", params: { mode: "url", url: "https://example.org/" } },
      { action: "accept", content: { name: "Ada" } },
    ],
    ["its model", MODEL, { method: "sampling/createMessage", params: { maxTokens: 5 } }, SAID],
    ["its roots", listRoots(), { method: "roots/list" }, { roots: [{ uri: "file:///home" }] }],
  ])("asks the client for %s, and goes on with the answer", async (_, request, asked, answer) => {
    const app = await open({ plugins: { demo: asking(request) } });
    const session = await openSession(app, { capabilities: ALL, answers: ANSWERS });
    const { result } = await session.call("tools/call", { name: "demo_ask" });
    expect(session.received).toHaveLength(1);
    expect(session.received[0]).toMatchObject(asked);
    expect(JSON.parse(result.content[0].text)).toEqual({
      responses: { it: answer },
      state: { round: 1 },
    });
  });

  it.each<
    [
      method: string,
      params: Record<string, unknown>,
      textOf: (session: SessionClient) => Promise<string>,
    ]
  >([
    [
      "resources/read",
      { uri: "demo://ask" },
      async (session) =>
        (await session.call("resources/read", { uri: "demo://ask" })).result.contents[0].text,
    ],
    [
      "prompts/get",
      { name: "demo_ask" },
      async (session) =>
        (await session.call("prompts/get", { name: "demo_ask" })).result.messages[0].content.text,
    ],
  ])("may come of %s", async (_, _params, textOf) => {
    const app = await open({ plugins: { demo: asking(FORM) } });
    const session = await openSession(app, { capabilities: ALL, answers: ANSWERS });
    expect(JSON.parse(await textOf(session))).toMatchObject({
      responses: { it: { action: "accept", content: { name: "Ada" } } },
    });
  });

  it.each(["decline", "cancel"])(
    "that the person answers with %s is told to the tool so",
    async (action) => {
      const app = await open({ plugins: { demo: asking(FORM) } });
      const answers = { "elicitation/create": () => ({ action }) };
      const session = await openSession(app, { capabilities: ALL, answers });
      const { result } = await session.call("tools/call", { name: "demo_ask" });
      expect(JSON.parse(result.content[0].text).responses).toEqual({ it: { action } });
    },
  );

  it("may follow another, and each round has its state", async () => {
    const plugin = testPlugin({
      tools: {
        count: (_, { input }) => {
          const round = ((input?.state ?? 0) as number) + 1;
          return round > 3
            ? `After ${round - 1} rounds.`
            : inputRequired({ inputRequests: { it: FORM }, state: round });
        },
      },
    });
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app, { capabilities: ALL, answers: ANSWERS });
    const { result } = await session.call("tools/call", { name: "demo_count" });
    expect(result.content[0].text).toBe("After 3 rounds.");
    expect(session.received).toHaveLength(3);
  });

  it("that never ends is given up", async () => {
    let runs = 0;
    const tools = { ask: () => (runs++, inputRequired({ inputRequests: { it: FORM } })) };
    const app = await open({ plugins: { demo: testPlugin({ tools }) } });
    const session = await openSession(app, { capabilities: ALL, answers: ANSWERS });
    const { result } = await session.call("tools/call", { name: "demo_ask" });
    expect(result.isError).toBe(true);
    expect(runs).toBe(9);
  });

  it.each<[what: string, request: InputRequest, capabilities: Record<string, unknown>]>([
    ["a form", FORM, {}],
    ["an address", elicitUrl("Sign in.", "https://example.org/"), { elicitation: {} }],
    ["its model", MODEL, { elicitation: {} }],
    ["its roots", listRoots(), { elicitation: {} }],
  ])(
    "row 10: is not sent to a client that did not say it can be asked for %s",
    async (_, request, capabilities) => {
      const app = await open({ plugins: { demo: asking(request) } });
      const session = await openSession(app, { capabilities });
      const { result } = await session.call("tools/call", { name: "demo_ask" });
      expect(result.isError).toBe(true);
      expect(result.content[0].text).toContain("did not declare the required capability");
      expect(session.received).toEqual([]);
    },
  );
});
