import { describe, expect, it } from "vitest";
import { createMemoryToolSettings } from "../../src/index.ts";
import { modern } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { ALL, ENTRIES, listed, NUMBER, openToolsApp } from "../helpers/tools-app.ts";

describe("GET /api/tools", () => {
  it("lists what clients have, in pages", async () => {
    const app = await openToolsApp();
    const first = (await app.admin("GET /api/tools?limit=4")).json;
    const second = (await app.admin(`GET /api/tools?limit=4&cursor=${first.nextCursor}`)).json;
    const names = [...first.data, ...second.data].map(({ name }: { name: string }) => name);
    expect(names).toEqual(ALL);
    expect(second.nextCursor).toBeNull();
    expect(first.data[2]).toEqual({
      name: "math_half",
      plugin: "math",
      tool: "half",
      title: "Halve",
      description: "Halves a number.",
      annotations: { readOnlyHint: true },
    });
  });

  it.each([
    ["plugin=text", ["text_half", "text_upper"]],
    ["plugin=nobody", []],
    ["q=HALVE", ["math_half"]],
    ["q=half", ["math_half", "text_half"]],
    ["q=half&plugin=text", ["text_half"]],
    ["q=number", ["math_half"]],
    ["q=.*", []],
  ])("finds those of %s", async (query, names) => {
    const app = await openToolsApp();
    const { json } = await app.admin(`GET /api/tools?${query}`);
    expect(json.data.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  it("describes one of them", async () => {
    const app = await openToolsApp();
    const { status, json } = await app.admin("GET /api/tools/math_half");
    expect(status).toBe(200);
    expect(json).toMatchObject({ plugin: "math", tool: "half", inputSchema: NUMBER });
    expect((await app.admin("GET /api/tools/math_nothing")).status).toBe(404);
  });
});

describe("PUT /api/tools/:plugin/:tool", () => {
  it("takes a tool from clients, who then find it unknown, and gives it back", async () => {
    const app = await openToolsApp();
    const off = await app.admin("PUT /api/tools/math/half", { enabled: false });
    expect(off.status).toBe(200);
    expect(off.json).toMatchObject({ name: null, tool: "half", enabled: false, missing: false });
    expect(await listed(app)).toEqual(ALL.filter((name) => name !== "math_half"));
    const call = { name: "math_half", arguments: { number: 4 } };
    const unknown = await modern(app, "tools/call", { name: "math_nothing", arguments: {} });
    const refused = await modern(app, "tools/call", call);
    expect(refused.body.error!.code).toBe(unknown.body.error!.code);
    expect(refused.body.error!.message).toBe(
      unknown.body.error!.message.replace("math_nothing", "math_half"),
    );
    const direct = await app.admin("POST /api/tools/math_half/call", { arguments: { number: 4 } });
    expect(direct.status).toBe(404);
    const detail = (await app.admin("GET /api/plugins/math")).json;
    expect(detail.tools.find(({ tool }: { tool: string }) => tool === "half")).toEqual(off.json);

    await app.admin("PUT /api/tools/math/half", { enabled: true });
    expect(await listed(app)).toEqual(ALL);
    expect((await modern(app, "tools/call", call)).body.result.structuredContent).toEqual({
      half: 2,
    });
  });

  it("gives a tool another name and description, and takes them back", async () => {
    const app = await openToolsApp();
    const changes = { name: "halve.it", description: "Cuts in two." };
    const { json } = await app.admin("PUT /api/tools/math/half", changes);
    expect(json).toMatchObject({
      name: "halve.it",
      description: "Cuts in two.",
      override: changes,
      original: { name: "math_half", description: "Halves a number." },
    });
    const { tools } = (await modern(app, "tools/list")).body.result;
    const shown = tools.find(({ name }: { name: string }) => name === "halve.it");
    expect(shown).toMatchObject({
      title: "Halve",
      description: "Cuts in two.",
      inputSchema: NUMBER,
    });
    const called = await modern(app, "tools/call", { name: "halve.it", arguments: { number: 2 } });
    expect(called.body.result.structuredContent).toEqual({ half: 1 });
    expect((await modern(app, "tools/call", { name: "math_half" })).body.error).toBeDefined();
    expect((await app.admin("GET /api/tools/halve.it")).json).toEqual(json);

    await app.admin("PUT /api/tools/math/half", { name: null });
    const back = await app.admin("GET /api/tools/math_half");
    expect(back.json.override).toEqual({ name: null, description: "Cuts in two." });
    await app.admin("PUT /api/tools/math/half", { description: null });
    expect((await app.admin("GET /api/tools/math_half")).json.description).toBe("Halves a number.");
  });

  it.each([
    ["another plugin's tool has", "text_half"],
    ["another of the same plugin's has", "math_who"],
    ["a disabled tool would have", "text_upper"],
    ["a renamed tool has", "taken"],
  ])("refuses the name that %s, and stores nothing", async (_, name) => {
    const toolSettings = createMemoryToolSettings();
    const app = await openToolsApp({ deps: { toolSettings } });
    await app.admin("PUT /api/tools/text/upper", { enabled: false });
    await app.admin("PUT /api/tools/math/fail", { name: "taken" });
    const before = await toolSettings.list();
    const refused = await app.admin("PUT /api/tools/math/half", { name, enabled: false });
    expect([refused.status, refused.json.code]).toEqual([409, "CONFLICT"]);
    expect(refused.json.detail).toBe("Another tool has that name.");
    expect(await toolSettings.list()).toEqual(before);
    expect(await listed(app)).toContain("math_half");
  });

  it("refuses a name by which a key is limited to another tool, and gives that tool its own back", async () => {
    const app = await openToolsApp();
    await app.admin("POST /api/clients", { name: "half", tools: ["math_half"] });
    expect((await app.admin("PUT /api/tools/math/half", { name: "other" })).status).toBe(200);
    const refused = await app.admin("PUT /api/tools/math/who", { name: "math_half" });
    expect([refused.status, refused.json.code]).toEqual([409, "CONFLICT"]);
    expect(refused.json.detail).toContain("keys for a tool of that name");
    expect((await app.admin("PUT /api/tools/math/half", { name: null })).status).toBe(200);
    expect(await listed(app)).toEqual(ALL);
  });

  it("refuses to go back to a name that another tool has taken meanwhile", async () => {
    const app = await openToolsApp();
    await app.admin("PUT /api/tools/math/half", { name: "a" });
    await app.admin("PUT /api/tools/text/half", { name: "math_half" });
    const refused = await app.admin("PUT /api/tools/math/half", { name: null });
    expect([refused.status, refused.json.code]).toEqual([409, "CONFLICT"]);
    expect((await app.admin("PUT /api/tools/math/half", { enabled: false })).status).toBe(200);
  });

  it("gives a name to one of two that want it at once", async () => {
    const app = await openToolsApp();
    const answers = await Promise.all([
      app.admin("PUT /api/tools/math/half", { name: "halve" }),
      app.admin("PUT /api/tools/text/half", { name: "halve" }),
    ]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  it.each([
    [{}],
    [{ name: "" }],
    [{ name: "two words" }],
    [{ name: "a".repeat(65) }],
    [{ description: "" }],
    [{ enabled: "no" }],
    [{ title: "a" }],
  ])("refuses %j", async (body) => {
    const app = await openToolsApp();
    const { status, json } = await app.admin("PUT /api/tools/math/half", body);
    expect([status, json.code]).toEqual([422, "BODY_INVALID"]);
  });

  it("knows no tool that its plugin does not have", async () => {
    const app = await openToolsApp();
    for (const path of ["math/math_half", "math/nothing", "nobody/half"]) {
      expect((await app.admin(`PUT /api/tools/${path}`, { enabled: false })).status).toBe(404);
    }
  });

  it("keeps what was set of a tool that its plugin loses, and shows it as missing", async () => {
    let hasHalf = true;
    const changing = () =>
      testPlugin({ tools: hasHalf ? { half: () => "half", one: () => "1" } : { one: () => "1" } });
    const app = await openToolsApp({
      packages: { math: changing },
      entries: { math: { package: "./math" } },
    });
    await app.admin("PUT /api/tools/math/half", { name: "halve", enabled: false });
    hasHalf = false;
    const reloaded = (await app.admin("POST /api/plugins/math/reload")).json;
    expect(reloaded.tools).toMatchObject([
      { tool: "one", missing: false },
      {
        tool: "half",
        name: null,
        missing: true,
        enabled: false,
        override: { name: "halve", description: null },
        original: null,
        inputSchema: null,
      },
    ]);
    const taken = await app.admin("PUT /api/tools/math/one", { name: "halve" });
    expect([taken.status, taken.json.code]).toEqual([409, "CONFLICT"]);
    expect((await app.admin("PUT /api/tools/math/half", { enabled: true })).status).toBe(200);
    hasHalf = true;
    await app.admin("POST /api/plugins/math/reload");
    expect(await listed(app)).toEqual(["halve", "math_one"]);
  });

  it("holds after a restart, from the first list on", async () => {
    const toolSettings = createMemoryToolSettings();
    const before = await openToolsApp({ deps: { toolSettings } });
    await before.admin("PUT /api/tools/math/half", { enabled: false });
    await before.admin("PUT /api/tools/math/who", { name: "me" });
    const app = await openToolsApp({ deps: { toolSettings } });
    expect(await listed(app)).toEqual(["math_ask", "math_fail", "me", "text_half", "text_upper"]);
  });

  it("counts for nothing when the plugin has been locked since", async () => {
    const toolSettings = createMemoryToolSettings();
    const before = await openToolsApp({ deps: { toolSettings } });
    await before.admin("PUT /api/tools/math/half", { enabled: false });
    const entries = { ...ENTRIES, math: { package: "./math", locked: true } };
    const app = await openToolsApp({ entries, deps: { toolSettings } });
    expect(await listed(app)).toEqual(ALL);
    const { json } = await app.admin("GET /api/tools/math_half");
    expect(json).toMatchObject({ enabled: true, name: "math_half" });
  });

  it("tells clients of another list once, and only when there is one", async () => {
    const app = await openToolsApp();
    let changes = 0;
    app.manager.subscribe({ catalogChanged: () => void changes++, resourceUpdated: () => {} });
    await app.admin("PUT /api/tools/math/half", { enabled: false });
    expect(changes).toBe(1);
    await app.admin("PUT /api/tools/math/half", { enabled: false });
    await app.admin("POST /api/plugins/text/enable");
    expect(changes).toBe(1);
  });
});
