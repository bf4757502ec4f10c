import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PreparedCatalog } from "../../src/core/plugin-catalog.ts";
import { parseUriTemplate } from "../../src/util/uri-template.ts";
import { buildCatalog, findResource, paginate } from "../../src/core/tool-catalog.ts";
import { toBase64Url } from "../../src/util/bytes.ts";

interface Offer {
  tools?: string[];
  prompts?: string[];
  resources?: string[];
  templates?: string[];
}

/** What an instance offers, under its public names. */
function offer(instanceId: string, items: Offer): PreparedCatalog {
  const run = { instanceId };
  const prepared = {
    instanceId,
    tools: (items.tools ?? []).map((name) => ({ name, run, definition: { name } })),
    prompts: (items.prompts ?? []).map((name) => ({ name, run, definition: { name } })),
    resources: (items.resources ?? []).map((uri) => ({ uri, run, definition: { uri } })),
    resourceTemplates: (items.templates ?? []).map((uriTemplate) => {
      const pattern = parseUriTemplate(uriTemplate);
      return {
        uriTemplate,
        run,
        definition: { uriTemplate },
        pattern: pattern.ok && pattern.value,
      };
    }),
    quarantined: [],
  };
  return prepared as unknown as PreparedCatalog;
}

describe("buildCatalog", () => {
  it("sorts every list, whatever the order of the offers", () => {
    const a = offer("a", { tools: ["a_z", "a_B", "a_a"], resources: ["z:1", "a:1"] });
    const b = offer("b", { tools: ["b_1"], prompts: ["b_y", "b_x"] });
    for (const offers of [
      [a, b],
      [b, a],
    ]) {
      const { tools, prompts, resources, lists } = buildCatalog(offers);
      expect([...tools.keys()]).toEqual(["a_B", "a_a", "a_z", "b_1"]);
      expect([...prompts.keys()]).toEqual(["b_x", "b_y"]);
      expect([...resources.keys()]).toEqual(["a:1", "z:1"]);
      expect(lists.tools.page(undefined)).toEqual({
        items: [{ name: "a_B" }, { name: "a_a" }, { name: "a_z" }, { name: "b_1" }],
      });
    }
  });

  it("keeps the item of the earlier instance, and tells the later one why", () => {
    const items: Offer = {
      tools: ["same"],
      prompts: ["same"],
      resources: ["same:1"],
      templates: ["same:{x}"],
    };
    const { tools, prompts, resources, templates, conflicts } = buildCatalog([
      offer("b", items),
      offer("a", items),
    ]);
    const owners = [tools.get("same"), prompts.get("same"), resources.get("same:1"), templates[0]];
    expect(owners.map((item) => item?.run.instanceId)).toEqual(["a", "a", "a", "a"]);
    expect(Object.fromEntries(conflicts)).toEqual({
      b: [
        { kind: "tool", name: "same", reason: '"same" is already offered by "a"' },
        { kind: "prompt", name: "same", reason: '"same" is already offered by "a"' },
        { kind: "resource", name: "same:1", reason: '"same:1" is already offered by "a"' },
        {
          kind: "resource template",
          name: "same:{x}",
          reason: '"same:{x}" is already offered by "a"',
        },
      ],
    });
  });

  it("sees a name that one plugin offers twice", () => {
    const { tools, conflicts } = buildCatalog([offer("a", { tools: ["a_x", "a_x"] })]);
    expect([tools.size, conflicts.get("a")]).toEqual([
      1,
      [{ kind: "tool", name: "a_x", reason: '"a_x" is already offered by "a"' }],
    ]);
  });

  it.each(["__proto__", "constructor", "toString"])("has no tool %s by accident", (name) => {
    expect(buildCatalog([offer("a", { tools: ["x"] })]).tools.get(name)).toBeUndefined();
    expect(buildCatalog([offer("a", { tools: [name] })]).tools.get(name)?.run.instanceId).toBe("a");
  });

  it("answers an empty page for an empty list", () => {
    expect(buildCatalog([]).lists.prompts.page(undefined)).toEqual({ items: [] });
  });
});

describe("findResource", () => {
  const catalog = buildCatalog([
    offer("a", { resources: ["notes://a/1"], templates: ["notes://a/{id}"] }),
    offer("b", { templates: ["notes://{+rest}"] }),
  ]);

  it.each([
    ["notes://a/1", "notes://a/1"],
    ["notes://a/2", "notes://a/{id}"],
    ["notes://a/2/3", "notes://{+rest}"],
    ["other://a/1", undefined],
    ["notes:// a\u0000", undefined],
    ["", undefined],
  ])("finds %j by %s", (uri, found) => {
    const resource = findResource(catalog, uri);
    const key = resource && ("uri" in resource ? resource.uri : resource.uriTemplate);
    expect(key ?? undefined).toBe(found);
  });
});

describe("paginate", () => {
  const list = (names: string[], size: number) =>
    paginate(
      names.map((name) => [name, name.toUpperCase()] as const),
      size,
    );

  it("gives every item once, in order, whatever the size of a page", () => {
    const anyNames = fc
      .uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }), { maxLength: 12 })
      .map((all) => all.toSorted((a, b) => (a < b ? -1 : 1)));
    fc.assert(
      fc.property(anyNames, fc.integer({ min: 1, max: 5 }), (names, size) => {
        const paged = list(names, size);
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = paged.page(cursor)!;
          seen.push(...page.items);
          expect(page.items.length).toBeLessThanOrEqual(size);
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        expect(seen).toEqual(names.map((name) => name.toUpperCase()));
      }),
    );
  });

  it("goes on at the right place when items have come and gone since", () => {
    const cursor = list(["a", "c", "e", "g"], 2).page(undefined)!.nextCursor;
    expect(list(["b", "d", "e", "g"], 2).page(cursor)?.items).toEqual(["D", "E"]);
    expect(list(["a"], 2).page(cursor)).toEqual({ items: [] });
  });

  it("gives cursors that tell nothing at a glance", () => {
    expect(list(["secret", "x"], 1).page(undefined)!.nextCursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(list(["secret", "x"], 1).page(undefined)!.nextCursor).not.toContain("secret");
  });

  it.each([
    ["an empty text", ""],
    ["what is not base64url", "a b"],
    ["what is not UTF-8", toBase64Url(new Uint8Array([0xff, 0xfe]))],
    ["a name that it never encoded", toBase64Url(new TextEncoder().encode("c"))],
    ["a number", "2"],
  ])("knows %s for no cursor of its own", (_what, cursor) => {
    expect(list(["a", "b"], 1).page(cursor)).toBeNull();
  });
});
