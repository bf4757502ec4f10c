import { describe, expect, it } from "vitest";
import { toPlugin } from "../../src/host/plugin-object.ts";

const members = () => ({
  name: "shape",
  version: "1.0.0",
  description: "Comes in many shapes.",
  initialize: async () => {},
  getTools: () => [],
  getResources: () => [],
  executeTool: async () => "",
  cleanup: async () => {},
});

class WithMethods {
  name = "shape";
  version = "1.0.0";
  description = "d";
  async initialize() {}
  getTools() {
    return [];
  }
  getResources() {
    return [];
  }
  async executeTool() {}
  async cleanup() {}
}

/** Its prototype has no methods: they are made with each object. */
class WithArrows {
  name = "shape";
  version = "1.0.0";
  description = "d";
  initialize = async () => {};
  getTools = () => [];
  getResources = () => [];
  executeTool = async () => {};
  cleanup = async () => {};
}

/** What a compiler for an older JavaScript makes of a class. */
function Compiled(this: object) {
  Object.assign(this, members());
}
Compiled.prototype.executeTool = async () => "";

const shapes: { form: string; exported: unknown }[] = [
  { form: "an object", exported: members() },
  { form: "a class", exported: WithMethods },
  { form: "a class with arrow methods", exported: WithArrows },
  { form: "a class without a name", exported: class extends WithMethods {} },
  { form: "a class compiled to a function", exported: Compiled },
  { form: "an object of a class", exported: new WithMethods() },
  { form: "a factory", exported: members },
  {
    form: "a factory written as a function",
    exported: function create() {
      return members();
    },
  },
  { form: "an async factory", exported: async () => new WithArrows() },
  {
    form: "a CommonJS module compiled from one",
    exported: { __esModule: true, default: WithMethods },
  },
];

describe("the plugin of a module", () => {
  it.each(shapes)("may be $form", async ({ exported }) => {
    const plugin = await toPlugin({ default: exported });
    expect(plugin.name).toBe("shape");
    expect(plugin.getTools()).toEqual([]);
  });

  it("is made anew of a class and of a factory", async () => {
    for (const exported of [WithMethods, WithArrows, members]) {
      expect(await toPlugin({ default: exported })).not.toBe(await toPlugin({ default: exported }));
    }
  });

  it("may have members that are absent or null where they are optional", async () => {
    const plugin = { ...members(), start: undefined, auth: null, dependencies: undefined };
    expect(await toPlugin({ default: plugin })).toBe(plugin);
  });

  it("passes on what its own code throws", async () => {
    const exported = () => {
      throw new RangeError("no luck");
    };
    await expect(toPlugin({ default: exported })).rejects.toThrow(new RangeError("no luck"));
  });
});

describe("a module without a plugin is refused", () => {
  const NO_PLUGIN =
    "The default export must be a plugin object, a plugin class, or a function that returns a plugin object.";

  it.each([
    { what: "no default export", module: { plugin: members() } },
    { what: "nothing", module: undefined },
    { what: "null", module: { default: null } },
    { what: "a text", module: { default: "plugin" } },
    { what: "a factory of nothing", module: { default: () => undefined } },
    { what: "a CommonJS module of nothing", module: { default: { __esModule: true } } },
  ])("for $what", async ({ module }) => {
    await expect(toPlugin(module)).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: NO_PLUGIN,
    });
  });

  it("names everything that is missing at once", async () => {
    await expect(toPlugin({ default: {} })).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message:
        "The plugin object lacks name, version, description, initialize(), getTools(), getResources(), executeTool(), cleanup().",
    });
  });

  it("names what is missing and what is wrong at once", async () => {
    const exported = {
      ...members(),
      version: 1,
      cleanup: undefined,
      dependencies: "stock",
      auth: "oauth2",
      configSchema: [],
      start: true,
      getPrompts: () => [],
      getResourceTemplates: () => [],
    };
    await expect(toPlugin({ default: exported })).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message:
        "The plugin object lacks version, cleanup(); its dependencies must be a list of strings; its auth must be an object; its configSchema must be an object; its start must be a function; it has getPrompts() but no getPrompt(); it has getResourceTemplates() but no readResource().",
    });
  });

  it.each([
    { what: "an empty name", member: { name: "" }, fault: "lacks name." },
    {
      what: "a dependency that is no text",
      member: { dependencies: [1] },
      fault: "list of strings.",
    },
    {
      what: "a method that is a promise",
      member: { getTools: Promise.resolve([]) },
      fault: "lacks getTools().",
    },
  ])("for $what", async ({ member, fault }) => {
    await expect(toPlugin({ default: { ...members(), ...member } })).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining(fault),
    });
  });
});
