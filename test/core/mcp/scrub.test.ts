import { describe, expect, it, onTestFinished } from "vitest";
import { CANARY, canary } from "../../helpers/canary.ts";
import { CALL_PATHS } from "../../helpers/call-paths.ts";
import { modern, modernRequest } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { readSse } from "../../helpers/sse.ts";
import { createTestApp, type TestApp } from "../../helpers/test-app.ts";
import { createPlainVault } from "../../helpers/plain-vault.ts";
import { openLeakyApp } from "./leaky-app.ts";

const TOKEN = canary('sk-"leaky"/+');
const REPORTS = { progressToken: "token", "io.modelcontextprotocol/logLevel": "debug" };
const ELICITATION = { elicitation: {} };
const text = (value: string) => ({ type: "text", text: value });

/** The plugin that tells its credential, where it runs in the server. */
async function openLeaky(kind: "in-process" | "worker"): Promise<TestApp> {
  const vault = createPlainVault();
  await vault.for("shared", ACTOR).storeCredential("leaky", "token", TOKEN);
  return openLeakyApp(kind, vault);
}

const ACTOR = { actor: "system:test", requestId: null };

function warningsOf({ logs }: TestApp): unknown[] {
  return logs
    .filter(({ message }) => message.startsWith("Took a credential out"))
    .map(({ level, fields }) => [level, fields["plugin"], fields["name"]]);
}

describe.each(["in-process", "worker"] as const)("a plugin that runs %s", (kind) => {
  describe.each(CALL_PATHS)("$path", ({ callTool }) => {
    it("tells no client its credential in a result", async () => {
      const app = await openLeaky(kind);
      expect((await callTool(app, "leaky_text")).result.content).toEqual([
        text("The token is [redacted]."),
      ]);
      const { structuredContent, content } = (await callTool(app, "leaky_object")).result;
      expect(structuredContent).toEqual({
        token: "[redacted]",
        "[redacted]": "as a name",
        basic: expect.stringMatching(/^Basic dXNlcj\w?\[redacted\]/),
        hex: "[redacted]",
        url: "https://api.example.com/?key=[redacted]",
      });
      expect(JSON.parse(content[0].text)).toEqual(structuredContent);
      expect((await callTool(app, "leaky_result")).result).toMatchObject({
        content: [
          text('{"token":"[redacted]"}'),
          { type: "resource", resource: { uri: "leaky://[redacted]", text: "[redacted]" } },
        ],
        _meta: { "example.com/token": "[redacted]" },
      });
      expect(warningsOf(app)).toEqual([
        ["warn", "leaky", "leaky_text"],
        ["warn", "leaky", "leaky_object"],
        ["warn", "leaky", "leaky_result"],
      ]);
    });

    it("tells none in an error, nor in its data", async () => {
      const app = await openLeaky(kind);
      expect((await callTool(app, "leaky_error")).result).toMatchObject({
        isError: true,
        content: [text("Refused: [redacted]"), text('{"token":"[redacted]"}')],
        structuredContent: { token: "[redacted]" },
      });
      const { isError, content } = (await callTool(app, "leaky_crash")).result;
      expect([isError, content[0].text]).toEqual([
        true,
        expect.stringMatching(/^Tool "leaky_crash" failed\. Request id: /),
      ]);
      expect(warningsOf(app)).toEqual([["warn", "leaky", "leaky_error"]]);
    });

    it.each([
      ["base64 of an image, which cannot go without it", "leaky_image"],
      ["content of a schema that allows no cut", "leaky_schema"],
    ])("gives no result that has it in %s", async (_where, name) => {
      const app = await openLeaky(kind);
      const { isError, content } = (await callTool(app, name)).result;
      expect([isError, content[0].text]).toEqual([
        true,
        expect.stringMatching(`^Tool "${name}" returned an invalid result\\. Request id: `),
      ]);
      expect(warningsOf(app)).toEqual([["warn", "leaky", name]]);
    });

    it("may repeat what its client said as long as it was handed nothing", async () => {
      const app = await openLeaky(kind);
      const { content } = (await callTool(app, "leaky_echo", { text: TOKEN })).result;
      expect(content).toEqual([text(TOKEN)]);
      expect(warningsOf(app)).toEqual([]);
    });
  });

  it("tells none in a report of progress or a log message", async () => {
    const app = await openLeaky(kind);
    const request = modernRequest("tools/call", { name: "leaky_report" }, { meta: REPORTS });
    const messages = await readSse(await app.request("/mcp", request)).rest();
    expect(messages.slice(0, -1).map(({ params }) => params.message ?? params.data)).toEqual([
      "The token is [redacted].",
      { token: "[redacted]", list: ["Bearer [redacted]"] },
      "a text with [redacted]",
    ]);
    // Once a call.
    expect(warningsOf(app)).toEqual([["warn", "leaky", "leaky_report"]]);
  });

  it("tells none in a report to a session of the 2025 era", async () => {
    const app = await openLeaky(kind);
    const session = await openSession(app);
    await session.call("logging/setLevel", { level: "debug" });
    const _meta = { progressToken: "token" };
    await session.call("tools/call", { name: "leaky_report", arguments: {}, _meta });
    const reports = session.received.map(({ params }) => params.message ?? params.data);
    expect(reports).toContainEqual({ token: "[redacted]", list: ["Bearer [redacted]"] });
    expect(reports).toContain("The token is [redacted].");
    expect(JSON.stringify(session.received)).not.toContain(CANARY);
  });

  it("tells none in a question, and gets the state back that it sent", async () => {
    const app = await openLeaky(kind);
    const ask = (more = {}) =>
      modern(app, "tools/call", { name: "leaky_ask", ...more }, { capabilities: ELICITATION });
    const { result } = (await ask()).body;
    expect(result.inputRequests.who.params.message).toBe("Is it [redacted]?");
    const inputResponses = { who: { action: "accept", content: {} } };
    const again = await ask({ inputResponses, requestState: result.requestState });
    expect(again.body.result.content).toEqual([text(`${TOKEN.length} characters`)]);
    const prompt = await modern(
      app,
      "prompts/get",
      { name: "leaky_ask" },
      { capabilities: ELICITATION },
    );
    expect(prompt.body.result.inputRequests.who.params.message).toBe("Is it [redacted]?");
  });

  it("tells none in a resource, a prompt or a completion", async () => {
    const app = await openLeaky(kind);
    const read = await modern(app, "resources/read", { uri: "leaky://text" });
    expect(read.body.result.contents).toEqual([
      { uri: "leaky://text", text: '{"token":"[redacted]"}' },
    ]);
    const blob = await modern(app, "resources/read", { uri: "leaky://blob" });
    expect(blob.body.error).toMatchObject({
      code: -32603,
      message: expect.stringMatching(/^Plugin "leaky" gave an invalid answer\. /),
    });
    const prompt = await modern(app, "prompts/get", { name: "leaky_prompt" });
    expect(prompt.body.result.messages[0].content).toEqual(text("Say [redacted]."));
    const error = await modern(app, "prompts/get", { name: "leaky_error" });
    expect(error.body.error).toMatchObject({ code: -32603, message: "Refused: [redacted]" });
    const ref = { type: "ref/prompt", name: "leaky_prompt" };
    const completion = await modern(app, "completion/complete", {
      ref,
      argument: { name: "a", value: "" },
    });
    expect(completion.body.result.completion.values).toEqual(["[redacted]", "other"]);
    expect(warningsOf(app)).toEqual([
      ["warn", "leaky", "leaky://text"],
      ["warn", "leaky", "leaky://blob"],
      ["warn", "leaky", "leaky_prompt"],
      ["warn", "leaky", "leaky_error"],
      ["warn", "leaky", "completion/complete"],
    ]);
  });
});

describe("an object of a plugin's in this process", () => {
  it.each(CALL_PATHS)("is sent as it was looked at, $path", async ({ callTool }) => {
    const vault = createPlainVault();
    await vault.for("shared", ACTOR).storeCredential("sly", "token", TOKEN);
    let looks = 0;
    const plugin = testPlugin({
      tools: {
        run: async () => {
          const token = await plugin.context!.getCredential("token");
          looks = 0;
          return { toJSON: () => ({ value: ++looks === 1 ? "harmless" : token }) };
        },
      },
    });
    const app = await createTestApp({ plugins: { sly: plugin }, deps: { vault } });
    onTestFinished(() => app.close());
    const answer = JSON.stringify(await callTool(app, "sly_run"));
    expect(answer).not.toContain(CANARY);
    expect(answer).toContain("harmless");
  });

  it("is told its secret with the list of resources no more than when asked", async () => {
    const vault = createPlainVault();
    await vault.for("shared", ACTOR).storeCredential("sly", "token", TOKEN);
    let token = "";
    const plugin = testPlugin({
      initialize: async (context) => {
        token = (await context.getCredential("token"))!;
      },
      getResources: () => [{ uri: "sly://inline", name: "inline", text: `It is ${token}.` }],
    });
    const app = await createTestApp({ plugins: { sly: plugin }, deps: { vault } });
    onTestFinished(() => app.close());
    const { body } = await modern(app, "resources/read", { uri: "sly://inline" });
    expect(body.result.contents).toEqual([{ uri: "sly://inline", text: "It is [redacted]." }]);
  });
});
