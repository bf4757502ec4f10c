import { describe, expect, it } from "vitest";
import {
  accepted,
  createTestHost,
  declined,
  definePlugin,
  elicit,
  elicitUrl,
  inputRequired,
  listRoots,
  sample,
  z,
} from "../../src/plugins/index.ts";
import { modern } from "../helpers/mcp.ts";
import { createTestApp } from "../helpers/test-app.ts";

const FORM = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

/** Asks for a city, then answers with it and what it remembered. */
const travel = definePlugin({
  name: "travel",
  version: "1.0.0",
  description: "Books journeys.",
  tools: {
    book: {
      description: "Books a journey.",
      input: z.object({ by: z.string() }),
      handler: ({ by }, { call }) => {
        if (declined(call.input, "where")) return "Then not.";
        const city = accepted(call.input, "where")?.["city"];
        if (typeof city === "string") return `To ${city} by ${by}, ${String(call.input?.state)}.`;
        return inputRequired({
          inputRequests: { where: elicit("Where to?", FORM) },
          state: "asked",
        });
      },
    },
  },
});

describe("a request to the client", () => {
  it.each([
    {
      made: elicit("Where to?", FORM),
      request: {
        method: "elicitation/create",
        params: { mode: "form", message: "Where to?", requestedSchema: FORM },
      },
    },
    {
      made: elicitUrl("Sign in", "https://example.org/sign-in"),
      request: {
        method: "elicitation/create",
        params: { mode: "url", message: "Sign in", url: "https://example.org/sign-in" },
      },
    },
    {
      made: sample({ messages: [], maxTokens: 1 }),
      request: { method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } },
    },
    { made: listRoots(), request: { method: "roots/list" } },
  ])("is what the protocol has: $request.method", ({ made, request }) => {
    expect(made).toEqual(request);
  });
});

describe("the answer to a form", () => {
  const input = (answer: unknown) => ({ responses: { where: answer }, state: undefined });

  it.each([
    { answer: { action: "accept", content: { city: "Rome" } }, content: { city: "Rome" } },
    { answer: { action: "accept" }, content: {} },
    { answer: { action: "accept", content: "Rome" }, content: {} },
    { answer: { action: "accept", content: null }, content: {} },
    { answer: { action: "decline", content: { city: "Rome" } }, content: null },
    { answer: { action: "cancel" }, content: null },
    { answer: {}, content: null },
    { answer: null, content: null },
    { answer: "accept", content: null },
    { answer: undefined, content: null },
  ])("is accepted with $content for $answer", ({ answer, content }) => {
    expect(accepted(input(answer), "where")).toEqual(content);
  });

  it.each([
    { answer: { action: "decline" }, isDeclined: true },
    { answer: { action: "cancel" }, isDeclined: true },
    { answer: { action: "accept" }, isDeclined: false },
    { answer: null, isDeclined: false },
    { answer: undefined, isDeclined: false },
  ])("is declined ($isDeclined) for $answer", ({ answer, isDeclined }) => {
    expect(declined(input(answer), "where")).toBe(isDeclined);
  });

  it.each([null, undefined])("is neither before anybody was asked (%s)", (none) => {
    expect(accepted(none, "where")).toBeNull();
    expect(declined(none, "where")).toBe(false);
  });
});

describe("a tool that asks", () => {
  it("asks and goes on in a test", async () => {
    const { callTool } = await createTestHost(travel);
    const question = await callTool("book", { by: "train" });
    expect(question).toEqual({
      resultType: "input_required",
      inputRequests: { where: elicit("Where to?", FORM) },
      state: "asked",
    });
    const answer = (where: unknown) =>
      callTool("book", { by: "train" }, { input: { responses: { where }, state: "asked" } });
    expect(await answer({ action: "accept", content: { city: "Rome" } })).toBe(
      "To Rome by train, asked.",
    );
    expect(await answer({ action: "decline" })).toBe("Then not.");
  });

  it("asks and goes on through the server, which seals what it remembers", async () => {
    const app = await createTestApp({ plugins: { travel } });
    const call = { name: "travel_book", arguments: { by: "train" } };
    const capabilities = { elicitation: { form: {} } };
    const asked = await modern(app, "tools/call", call, { capabilities });
    expect(asked.body.result).toMatchObject({
      resultType: "input_required",
      inputRequests: { where: { method: "elicitation/create" } },
    });
    const { requestState } = asked.body.result as { requestState: string };
    expect(requestState).not.toContain("asked");
    const inputResponses = { where: { action: "accept", content: { city: "Rome" } } };
    const done = await modern(
      app,
      "tools/call",
      { ...call, requestState, inputResponses },
      { capabilities },
    );
    expect(done.body.result.content).toEqual([{ type: "text", text: "To Rome by train, asked." }]);
    await app.close();
  });
});
