import { describe, expect, it } from "vitest";
import { createTestHost, definePlugin, z } from "../../src/plugins/index.ts";

const base = { name: "shop", version: "1.2.3", description: "Sells things." } as const;

describe("the resources of a defined plugin", () => {
  const notes = new Map([
    ["a b", "first"],
    ["c", "second"],
  ]);
  const plugin = definePlugin({
    ...base,
    resources: {
      about: { uri: "notes://about", text: "Notes." },
      dot: { uri: "notes://dot", blob: "AA==", mimeType: "image/png" },
      count: { uri: "notes://count", read: () => String(notes.size) },
    },
    resourceTemplates: {
      note: {
        uriTemplate: "notes://note/{id}/text",
        read: ({ id = "" }) => notes.get(id) ?? null,
        complete: { id: (typed) => [...notes.keys()].filter((id) => id.startsWith(typed)) },
      },
      file: { uriTemplate: "notes://file/{+path}", read: ({ path = "" }) => ({ text: path }) },
      any: { uriTemplate: "notes://note/{+rest}", read: ({ rest }) => [{ text: `any ${rest}` }] },
    },
  });

  it.each([
    { uri: "notes://about", contents: { text: "Notes." } },
    { uri: "notes://dot", contents: { blob: "AA==" } },
    { uri: "notes://count", contents: "2" },
    { uri: "notes://note/c/text", contents: "second" },
    { uri: "notes://note/a%20b/text", contents: "first" },
    { uri: "notes://file/a/b.txt", contents: { text: "a/b.txt" } },
    { uri: "notes://file/%E2%82%AC", contents: { text: "€" } },
    { uri: "notes://note/x/text", contents: [{ text: "any x/text" }] },
    { uri: "notes://note//text", contents: [{ text: "any /text" }] },
    { uri: "notes://file/%E2", contents: null },
    { uri: "notes://file/", contents: null },
    { uri: "xnotes://file/a", contents: null },
    { uri: "notes://about2", contents: null },
  ])("answer $contents for $uri", async ({ uri, contents }) => {
    const host = await createTestHost(plugin);
    expect(await host.readResource(uri)).toEqual(contents);
  });

  it("complete a template's variable", async () => {
    const host = await createTestHost(plugin);
    const complete = (name: string, value: string) =>
      host.complete({
        ref: { type: "resource", uriTemplate: "notes://note/{id}/text" },
        argument: { name, value },
        context: {},
      });
    expect(await complete("id", "a")).toEqual(["a b"]);
    expect(await complete("other", "a")).toEqual([]);
  });

  it.each(["notes://{a b}", "notes://{}", "notes://{a", "notes://a}b{c}"])(
    "are refused with a template that cannot be read: %s",
    async (uriTemplate) => {
      const faulty = definePlugin({
        ...base,
        resourceTemplates: { bad: { uriTemplate, read: () => null } },
      });
      await expect(createTestHost(faulty)).rejects.toBeInstanceOf(TypeError);
    },
  );
});

describe("the prompts of a defined plugin", () => {
  const plugin = definePlugin({
    ...base,
    prompts: {
      order: {
        title: "Order",
        input: z.object({
          item: z.string().meta({ title: "Item", description: "What to order." }),
          count: z.coerce.number().int().default(1),
        }),
        complete: {
          item: (typed, chosen) => ({ values: [`${typed}!`], total: Object.keys(chosen).length }),
        },
        handler: ({ item, count }) => `Order ${count + 1} ${item}.`,
      },
      bare: { handler: () => "Hello." },
    },
  });

  it("list the arguments of their schema", async () => {
    const host = await createTestHost(plugin);
    expect((await host.catalog()).prompts).toEqual([
      {
        name: "order",
        title: "Order",
        arguments: [
          { name: "item", title: "Item", description: "What to order.", required: true },
          { name: "count", required: false },
        ],
      },
      { name: "bare" },
    ]);
  });

  it("receive their arguments, which are text, as the schema makes them", async () => {
    const host = await createTestHost(plugin);
    expect(await host.getPrompt("order", { item: "teas", count: "2" })).toBe("Order 3 teas.");
    expect(await host.getPrompt("bare")).toBe("Hello.");
  });

  it("refuse arguments in words for the model", async () => {
    const host = await createTestHost(plugin);
    await expect(host.getPrompt("order", { item: "x", count: "two" })).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining("Invalid arguments: count: "),
    });
  });

  it("complete with what was chosen before", async () => {
    const host = await createTestHost(plugin);
    const request = {
      ref: { type: "prompt", name: "order" } as const,
      argument: { name: "item", value: "tea" },
      context: { count: "2" },
    };
    expect(await host.complete(request)).toEqual({ values: ["tea!"], total: 1 });
  });
});
