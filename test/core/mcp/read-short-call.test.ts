import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readShortCall } from "../../../src/core/short-call.ts";
import {
  CAPABILITIES,
  changedCall,
  INFO,
  LOG_LEVEL,
  setName,
  VERSION,
  type Change,
} from "../../helpers/changed-call.ts";
import { REVISION, type ModernRequest } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { createTestApp, type TestApp } from "../../helpers/test-app.ts";

let app: TestApp;

beforeAll(async () => {
  const properties = { region: { type: "string", "x-mcp-header": "Region" } };
  const tools = {
    echo: () => "",
    region: { inputSchema: { type: "object", properties }, run: () => "" },
  };
  app = await createTestApp({ plugins: { demo: testPlugin({ tools }) } });
});
afterAll(() => app.close());

function read({ headers, body }: ModernRequest) {
  return readShortCall(new Headers(headers), JSON.parse(body), app.manager.catalog);
}

describe("readShortCall", () => {
  it("reads an ordinary call", () => {
    expect(read(changedCall(() => {}))).toEqual({
      id: 1,
      tool: app.manager.catalog.tools.get("demo_echo"),
      args: { a: 1 },
      client: {
        protocolVersion: REVISION,
        name: "test-client",
        version: "1.0.0",
        capabilities: {},
      },
      meta: {
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientInfo": { name: "test-client", version: "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    });
  });

  it.each<[what: string, change: Change]>([
    ["a text as id", (body) => (body["id"] = "a")],
    ["an empty text as id", (body) => (body["id"] = "")],
    ["the id 0", (body) => (body["id"] = 0)],
    ["no arguments", (body) => delete body.params.arguments],
    ["a client that does not tell its name", (body) => delete body.params._meta[INFO]],
    [
      "a client with a title",
      (body) => (body.params._meta[INFO] = { name: "a", version: "1", title: "A" }),
    ],
    [
      "capabilities",
      (body) =>
        (body.params._meta[CAPABILITIES] = {
          elicitation: { form: {}, url: {} },
          roots: { listChanged: true },
          sampling: {},
        }),
    ],
    ["_meta of its own", (body) => (body.params._meta["example.org/a"] = { b: 1 })],
    ["a trace", (body) => (body.params._meta["traceparent"] = "00-x")],
  ])("reads a call with %s", (_what, change) => {
    expect(read(changedCall(change))).not.toBeNull();
  });

  it.each<[what: string, change: Change]>([
    ["another version of JSON-RPC", (body) => (body["jsonrpc"] = "1.0")],
    ["no version of JSON-RPC", (body) => delete body["jsonrpc"]],
    ["no id", (body) => delete body["id"]],
    ["the id null", (body) => (body["id"] = null)],
    ["a fraction as id", (body) => (body["id"] = 1.5)],
    ["an id beyond exact numbers", (body) => (body["id"] = 2 ** 53)],
    ["an object as id", (body) => (body["id"] = {})],
    ["another method", (body) => (body["method"] = "tools/list")],
    ["a further member", (body) => (body["result"] = {})],
    ["a further parameter", (body) => (body.params["task"] = {})],
    ["answers to a question", (body) => (body.params["inputResponses"] = {})],
    ["a state", (body) => (body.params["requestState"] = "")],
    ["no params", (body) => Reflect.deleteProperty(body, "params")],
    ["no name", (body) => delete body.params.name],
    ["a number as name", (body) => (body.params.name = 5)],
    ["an unknown tool", (body, headers) => setName(body, headers, "demo_other")],
    ["a tool named __proto__", (body, headers) => setName(body, headers, "__proto__")],
    ["a tool named constructor", (body, headers) => setName(body, headers, "constructor")],
    [
      "a tool whose arguments stand in headers",
      (body, headers) => setName(body, headers, "demo_region"),
    ],
    ["arguments that are a list", (body) => (body.params.arguments = [])],
    ["arguments that are null", (body) => (body.params.arguments = null)],
    ["arguments that are a text", (body) => (body.params.arguments = "a")],
    [
      "an argument named __proto__",
      (body) => (body.params.arguments = JSON.parse('{"__proto__":1}')),
    ],
    ["no _meta", (body) => delete (body.params as { _meta?: unknown })._meta],
    ["_meta that is a list", (body) => (body.params._meta = [] as never)],
    ["no revision", (body) => delete body.params._meta[VERSION]],
    ["another revision", (body) => (body.params._meta[VERSION] = "2025-11-25")],
    ["no capabilities", (body) => delete body.params._meta[CAPABILITIES]],
    ["capabilities that are a list", (body) => (body.params._meta[CAPABILITIES] = [])],
    [
      "a capability that is a flag",
      (body) => (body.params._meta[CAPABILITIES] = { sampling: true }),
    ],
    ["a capability that is null", (body) => (body.params._meta[CAPABILITIES] = { sampling: null })],
    [
      "a setting that is a flag",
      (body) => (body.params._meta[CAPABILITIES] = { elicitation: { form: true } }),
    ],
    [
      "a setting that is no flag",
      (body) => (body.params._meta[CAPABILITIES] = { roots: { listChanged: {} } }),
    ],
    [
      "a form with defaults",
      (body) => (body.params._meta[CAPABILITIES] = { elicitation: { form: { applyDefaults: 1 } } }),
    ],
    ["a client that is a text", (body) => (body.params._meta[INFO] = "a")],
    ["a client without a name", (body) => (body.params._meta[INFO] = { version: "1" })],
    ["a client without a version", (body) => (body.params._meta[INFO] = { name: "a" })],
    [
      "a client whose title is a number",
      (body) => (body.params._meta[INFO] = { name: "a", version: "1", title: 5 }),
    ],
    [
      "a client with icons",
      (body) => (body.params._meta[INFO] = { name: "a", version: "1", icons: [] }),
    ],
    ["a wish for progress", (body) => (body.params._meta["progressToken"] = 0)],
    ["a wish for logs", (body) => (body.params._meta[LOG_LEVEL] = "info")],
    ["no version header", (_, headers) => headers.delete("mcp-protocol-version")],
    ["another version header", (_, headers) => headers.set("mcp-protocol-version", "2025-11-25")],
    ["two version headers", (_, headers) => headers.append("mcp-protocol-version", REVISION)],
    ["no method header", (_, headers) => headers.delete("mcp-method")],
    ["another method header", (_, headers) => headers.set("mcp-method", "Tools/Call")],
    ["no name header", (_, headers) => headers.delete("mcp-name")],
    ["another name header", (_, headers) => headers.set("mcp-name", "demo_make")],
    [
      "a name header in base64",
      (_, headers) => headers.set("mcp-name", `=?base64?${btoa("demo_echo")}?=`),
    ],
  ])("leaves a call with %s to the SDK", (_what, change) => {
    expect(read(changedCall(change))).toBeNull();
  });

  it.each([[null], [5], ["x"], [[]], [[{}]]])("leaves the body %j to the SDK", (body) => {
    expect(
      readShortCall(new Headers(changedCall(() => {}).headers), body, app.manager.catalog),
    ).toBeNull();
  });
});
