import { describe, expect, it } from "vitest";
import { modern } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { OTHER_CLIENT_KEY, type TestApp } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

/** What each list is asked by, where its items are, and what tells them apart. */
const LISTS = [
  ["tools/list", "tools", "name"],
  ["prompts/list", "prompts", "name"],
  ["resources/list", "resources", "uri"],
  ["resources/templates/list", "resourceTemplates", "uriTemplate"],
] as const;

function offering(count: number, id = "demo") {
  const numbers = Array.from({ length: count }, (_, at) => String(at).padStart(5, "0"));
  return testPlugin({
    getTools: () => numbers.map((n) => ({ name: `t${n}`, description: n })),
    executeTool: async (name) => name,
    getPrompts: () => numbers.map((n) => ({ name: `p${n}` })),
    getResources: () => numbers.map((n) => ({ uri: `${id}://r${n}`, name: n })),
    getPrompt: async () => "",
    getResourceTemplates: () => numbers.map((n) => ({ uriTemplate: `${id}://t${n}/{x}`, name: n })),
    readResource: async () => null,
  });
}

describe.each(WAYS)("lists, $way", ({ open }) => {
  it.each(LISTS)(
    "row 15: %s may be kept for a minute, by its client alone, on every page",
    async (method) => {
      const app = await open({ plugins: { demo: offering(1_001) } });
      const pages = await allPages(app, method);
      expect(pages).toHaveLength(3);
      for (const page of pages)
        expect(page).toMatchObject({ ttlMs: 60_000, cacheScope: "private" });
    },
  );

  it.each(LISTS)("row 15: %s says so when it is empty, too", async (method, member) => {
    const app = await open();
    const { body } = await modern(app, method);
    expect(body.result).toEqual({
      resultType: "complete",
      [member]: [],
      ttlMs: 60_000,
      cacheScope: "private",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "test-server", version: "1.0.0" } },
    });
  });

  it.each(LISTS)(
    "row 14: %s is in order of names, whatever the plugins' order",
    async (method, member, key) => {
      const names = ["b", "a", "B", "_", "10", "9", "a.b", "a-b"];
      const plugin = () =>
        testPlugin({
          getTools: () => names.map((name) => ({ name })),
          getPrompts: () => names.map((name) => ({ name })),
          getResources: () => names.map((name) => ({ uri: `demo:${name}`, name })),
          getResourceTemplates: () =>
            names.map((name) => ({ uriTemplate: `demo:${name}/{x}`, name })),
          getPrompt: async () => "",
          readResource: async () => null,
        });
      const app = await open({ plugins: { zeta: plugin(), alpha: plugin() } });
      const { body } = await modern(app, method);
      const listed = body.result[member].map((item: Record<string, string>) => item[key]);
      expect(listed.length).toBeGreaterThanOrEqual(names.length);
      expect(listed).toEqual([...listed].toSorted((a: string, b: string) => (a < b ? -1 : 1)));
    },
  );

  it.each(LISTS)(
    "row 29: %s comes in pages that hold each item once",
    async (method, member, key) => {
      const app = await open({ plugins: { demo: offering(1_001) } });
      const pages = await allPages(app, method);
      const listed = pages.flatMap((page) =>
        page[member].map((item: Record<string, string>) => item[key]),
      );
      expect(pages.map((page) => page[member].length)).toEqual([500, 500, 1]);
      expect(new Set(listed).size).toBe(1_001);
    },
  );

  it.each(LISTS)("row 29: %s has the same pages for 2025 clients", async (method, member) => {
    const app = await open({ plugins: { demo: offering(501) } });
    const session = await openSession(app);
    const first = (await session.call(method)).result;
    const second = (await session.call(method, { cursor: first.nextCursor })).result;
    expect([first[member].length, second[member].length]).toEqual([500, 1]);
    expect(second.nextCursor).toBeUndefined();
  });

  it.each(LISTS)("row 29: %s knows the cursors that it gave out and no others", async (method) => {
    const app = await open({ plugins: { demo: offering(501) } });
    const { nextCursor } = (await modern(app, method)).body.result as { nextCursor: string };
    for (const cursor of [
      "",
      " ",
      "x",
      "AAAA",
      "!",
      "500",
      "null",
      "__proto__",
      `${nextCursor}!`,
      "é",
    ]) {
      const { status, body } = await modern(app, method, { cursor });
      expect([cursor, status, body.error]).toEqual([
        cursor,
        200,
        { code: -32602, message: "Invalid cursor" },
      ]);
    }
    for (const cursor of [5, {}, [nextCursor], null]) {
      const { status, body } = await modern(app, method, { cursor });
      expect([cursor, status, body.error?.code]).toEqual([cursor, 200, -32602]);
    }
  });

  it("row 29: a cursor stays good while items come and go", async () => {
    const plugin = offering(600);
    const app = await open({ plugins: { demo: plugin } });
    const first = (await modern(app, "tools/list")).body.result;
    const before = plugin.getTools();
    plugin.getTools = () => [
      { name: "a-new-one" },
      ...before.filter(({ name }) => name !== "t00010" && name !== "t00499"),
      { name: "z-new-one" },
    ];
    plugin.context!.changed("tools");
    await expect
      .poll(async () => (await modern(app, "tools/list")).body.result.tools[0].name)
      .toBe("demo_a-new-one");
    const second = (await modern(app, "tools/list", { cursor: first.nextCursor })).body.result;
    const names = second.tools.map(({ name }: { name: string }) => name);
    expect(names[0]).toBe("demo_t00500");
    expect(names.at(-1)).toBe("demo_z-new-one");
    expect(names).toHaveLength(101);
  });

  it("a cursor is good for every client, since all see the same", async () => {
    const app = await open({ plugins: { demo: offering(501) } });
    const { nextCursor } = (await modern(app, "tools/list")).body.result;
    const { body } = await modern(
      app,
      "tools/list",
      { cursor: nextCursor },
      { key: OTHER_CLIENT_KEY },
    );
    expect(body.result.tools).toHaveLength(1);
  });

  it("shows a tool with all that its plugin says of it", async () => {
    const shown = {
      title: "Say hello",
      description: "Greets.",
      inputSchema: { type: "object", properties: { name: { type: "string", "x-other": 1 } } },
      outputSchema: { type: "object" },
      annotations: { readOnlyHint: true, title: "Hello" },
      icons: [{ src: "data:image/png;base64,aGk=", mimeType: "image/png" }],
      _meta: { "example.org/a": 1 },
    };
    const tools = { hello: { ...shown, timeoutMs: 5, run: () => ({}) } };
    const app = await open({ plugins: { demo: testPlugin({ tools }) } });
    expect((await modern(app, "tools/list")).body.result.tools).toEqual([
      { name: "demo_hello", ...shown },
    ]);
  });
});

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
async function allPages(app: Pick<TestApp, "request">, method: string): Promise<any[]> {
  const pages: { nextCursor?: string }[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await modern(app, method, cursor === undefined ? {} : { cursor });
    pages.push(body.result);
    cursor = pages.at(-1)!.nextCursor;
  } while (cursor !== undefined && pages.length < 10);
  return pages;
}
