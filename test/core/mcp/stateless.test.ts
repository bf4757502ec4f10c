import { describe, expect, it } from "vitest";
import { elicit, inputRequired } from "../../../src/plugins/index.ts";
import { modern } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { OTHER_CLIENT_KEY } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const plugins = {
  demo: testPlugin({
    tools: {
      who: (_, { principal, client }) => ({
        principal: principal.id,
        version: client.protocolVersion,
      }),
      ask: () =>
        inputRequired({ inputRequests: { it: elicit("?", { type: "object", properties: {} }) } }),
    },
    getPrompts: () => [{ name: "greet" }],
    getPrompt: async () => "Hello.",
  }),
};

describe.each(WAYS)("where the runtime keeps no sessions, $way", ({ open }) => {
  const openStateless = () => open({ plugins, deps: { sessions: null } });

  it.each(["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])(
    "a %s client is served without one",
    async (version) => {
      const app = await openStateless();
      const client = await openSession(app, { version });
      expect(client.id).toBeNull();
      expect(client.initialized.result.protocolVersion).toBe(version);
      const { result } = await client.call("tools/call", { name: "demo_who" });
      expect(JSON.parse(result.content[0].text).principal).toBe("client-1");
      expect(
        (await client.call("prompts/get", { name: "demo_greet" })).result.messages,
      ).toHaveLength(1);
    },
  );

  it("each request speaks for its own client", async () => {
    const app = await openStateless();
    const client = await openSession(app, { key: OTHER_CLIENT_KEY });
    const { result } = await client.call("tools/call", { name: "demo_who" });
    expect(JSON.parse(result.content[0].text).principal).toBe("client-2");
  });

  it("nobody can be asked anything, and the tool's caller is told", async () => {
    const app = await openStateless();
    const client = await openSession(app, { capabilities: { elicitation: {} } });
    const { result } = await client.call("tools/call", { name: "demo_ask" });
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain("did not declare the required capability");
  });

  it.each(["GET", "DELETE", "PUT"])("%s is not allowed", async (method) => {
    const app = await openStateless();
    const response = await app.request("/mcp", {
      method,
      headers: { accept: "text/event-stream" },
    });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("2026-07-28 is what it is elsewhere", async () => {
    const app = await openStateless();
    const { body } = await modern(app, "tools/call", { name: "demo_who" });
    expect(body.result.structuredContent).toEqual({ principal: "client-1", version: "2026-07-28" });
  });
});
