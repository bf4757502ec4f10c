import { describe, expect, it } from "vitest";
import { canary } from "../helpers/canary.ts";
import { openConnectApp } from "../helpers/connect-app.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { ADMIN_TOKEN } from "../helpers/test-app.ts";
import { openToolsApp } from "../helpers/tools-app.ts";

describe("POST /api/tools/:name/call", () => {
  it("calls a tool and answers MCP's result", async () => {
    const app = await openToolsApp();
    const { status, json } = await app.admin("POST /api/tools/math_half/call", {
      arguments: { number: 9 },
    });
    expect(status).toBe(200);
    expect(json).toEqual({
      content: [{ type: "text", text: '{"half":4.5}' }],
      structuredContent: { half: 4.5 },
    });
  });

  it("calls it as whoever asks", async () => {
    const app = await openToolsApp();
    const { json } = await app.admin("POST /api/tools/math_who/call", {});
    expect(json.structuredContent).toMatchObject({ kind: "user", id: "admin-1" });
  });

  it.each([
    ["math_half", { arguments: { number: "9" } }, /Invalid arguments for tool "math_half"/],
    ["math_fail", { arguments: {} }, /^There is no such number\.$/],
  ])("answers what went wrong with %s as MCP does", async (name, body, words) => {
    const app = await openToolsApp();
    const { status, json } = await app.admin(`POST /api/tools/${name}/call`, body);
    expect(status).toBe(200);
    expect(json).toMatchObject({ isError: true, content: [{ type: "text" }] });
    expect(json.content[0].text).toMatch(words);
  });

  it("is counted with the calls of clients", async () => {
    const app = await openToolsApp();
    await app.admin("POST /api/tools/math_half/call", { arguments: { number: 9 } });
    await app.admin("POST /api/tools/math_fail/call", {});
    const { json } = await app.admin("GET /api/metrics");
    expect(json.calls).toMatchObject({ underWay: 0, calls: 2, errors: 1 });
  });

  it("does not know a tool by its plugin's name of it", async () => {
    const app = await openToolsApp();
    expect((await app.admin("POST /api/tools/half/call", {})).status).toBe(404);
  });

  it("answers what a tool asks for as a conflict", async () => {
    const app = await openToolsApp();
    const { status, json, headers } = await app.admin("POST /api/tools/math_ask/call", {});
    expect([status, json.code, json.inputRequests]).toEqual([409, "INPUT_REQUIRED", {}]);
    expect(headers.get("content-type")).toBe("application/problem+json");
  });

  it("answers where an account is to be connected", async () => {
    const { app } = await openConnectApp({ owner: "user" });
    const response = await app.request("/api/tools/drive_token/call", {
      method: "POST",
      key: ADMIN_TOKEN,
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(response.status).toBe(409);
    const { code, inputRequests } = (await response.json()) as Record<string, object>;
    expect(code).toBe("INPUT_REQUIRED");
    expect(inputRequests).toMatchObject({
      connect: {
        method: "elicitation/create",
        params: { mode: "url", url: expect.stringMatching(/^http:\/\/localhost:3000\/connect\//) },
      },
    });
  });

  it("leaves a record of who called what, and nothing of the arguments", async () => {
    const secret = canary("argument-");
    const audit = createRecordingAudit();
    const app = await openToolsApp({ deps: { audit } });
    await app.admin("POST /api/tools/math_half/call", { arguments: { number: 1, secret } });
    expect(
      audit.entries.map(({ actor, subject, instanceId, outcome, detail }) => [
        actor,
        subject,
        instanceId,
        outcome,
        detail,
      ]),
    ).toEqual([
      ["user:admin-1", "POST /api/tools/:name/call", null, "started", {}],
      ["user:admin-1", "POST /api/tools/:name/call", "math", "ok", { status: 200, tool: "half" }],
    ]);
    expect(JSON.stringify(audit.entries)).not.toContain(secret);
  });

  it.each([["plugins:read"], ["plugins:write"]])("needs more than %s", async (scope) => {
    const app = await openToolsApp();
    const made = await app.admin("POST /api/tokens", { name: "t", scopes: [scope] });
    const refused = await app.admin("POST /api/tools/math_half/call", {}, made.json.secret);
    expect([refused.status, refused.json.code]).toEqual([403, "FORBIDDEN"]);
  });
});
