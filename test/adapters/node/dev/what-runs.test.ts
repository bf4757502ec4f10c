import { renameSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { openDevServer, sayingPlugin, WAIT } from "../../../helpers/dev-server.ts";

const DEMO = { package: "./demo" };
const ONE = { demo: DEMO };
const FILES = { "demo/index.ts": sayingPlugin("this.config.word ?? 'nothing'") };

describe("the plugins file", () => {
  it("gives an instance other settings", async () => {
    const server = await openDevServer(FILES, ONE);
    expect(await server.call("demo_say")).toBe("nothing");
    server.saveConfig({ demo: { ...DEMO, config: { word: "hello" } } });
    await server.expectAnswer("demo_say", "hello");
  });

  it("brings instances and takes them away", async () => {
    const server = await openDevServer(FILES, ONE);
    server.saveConfig({ ...ONE, more: { ...DEMO, config: { word: "more" } } });
    await server.expectAnswer("more_say", "more");
    expect(await server.call("demo_say")).toBe("nothing");
    server.saveConfig({ more: DEMO });
    await server.expectAnswer("demo_say", "Unknown tool: demo_say");
    expect(await server.status("demo")).toBeUndefined();
  });

  it("stops what it disables", async () => {
    const server = await openDevServer(FILES, ONE);
    server.saveConfig({ demo: { ...DEMO, enabled: false } });
    await server.expectAnswer("demo_say", "Unknown tool: demo_say");
    expect(await server.status("demo")).toMatchObject({ state: "stopped", enabled: false });
  });

  it("with a mistake changes nothing, and the log says where it is", async () => {
    const server = await openDevServer(FILES, ONE);
    server.saveConfig('{\n  "plugins": {\n    "demo": {,}\n  }\n}');
    await vi.waitFor(() => {
      const errors = server.logs.filter(({ level }) => level === "error");
      expect(errors.map(({ message }) => message).join()).toMatch(/plugins\.json:3:\d+/);
    }, WAIT);
    expect(await server.call("demo_say")).toBe("nothing");
    server.saveConfig({ demo: { ...DEMO, config: { word: "mended" } } });
    await server.expectAnswer("demo_say", "mended");
  });
});

describe("the plugins folder", () => {
  it("lists a plugin that has come and that nobody runs", async () => {
    const server = await openDevServer(FILES, ONE);
    server.save("other/index.ts", sayingPlugin("'other'"));
    await vi.waitFor(async () => expect(await server.available()).toContain("./other"), WAIT);
    server.remove("other");
    await vi.waitFor(async () => expect(await server.available()).not.toContain("./other"), WAIT);
  });

  it("brings the plugin that the plugins file names already", async () => {
    const server = await openDevServer(FILES, { ...ONE, late: { package: "./late" } });
    expect(await server.status("late")).toMatchObject({ state: "failed" });
    server.save("late/index.ts", sayingPlugin("'late'"));
    await server.expectAnswer("late_say", "late");
  });

  it("from which a running plugin has gone leaves it serving, and takes it back", async () => {
    const server = await openDevServer(FILES, ONE);
    server.remove("demo");
    await vi.waitFor(async () => {
      expect((await server.status("demo"))?.reloadError).toContain("was not found");
    }, WAIT);
    expect(await server.call("demo_say")).toBe("nothing");
    server.save("demo/index.ts", sayingPlugin("'back'"));
    await server.expectAnswer("demo_say", "back");
  });
});

describe("folders that move", () => {
  it("take their code along, and bring it back changed", async () => {
    const server = await openDevServer(
      {
        "demo/index.ts": sayingPlugin("word", { head: 'import { word } from "./lib/words.ts";' }),
        "demo/lib/words.ts": 'export const word = "one";',
      },
      ONE,
    );
    renameSync(`${server.plugins}demo/lib`, `${server.plugins}demo/lib2`);
    await vi.waitFor(async () => {
      expect((await server.status("demo"))?.reloadError).toContain("words.ts");
    }, WAIT);
    server.save("demo/lib2/words.ts", 'export const word = "two";');
    renameSync(`${server.plugins}demo/lib2`, `${server.plugins}demo/lib`);
    await server.expectAnswer("demo_say", "two");
  });

  it("may be the plugins folder itself", async () => {
    const server = await openDevServer(FILES, ONE);
    const folder = server.plugins.replace(/\/$/, "");
    renameSync(folder, `${folder}2`);
    await vi.waitFor(async () => {
      expect((await server.status("demo"))?.reloadError).toContain("was not found");
    }, WAIT);
    renameSync(`${folder}2`, folder);
    await vi.waitFor(async () => {
      expect(await server.status("demo")).toMatchObject({ reloadError: null });
    }, WAIT);
    server.save("demo/index.ts", sayingPlugin("'moved'"));
    await server.expectAnswer("demo_say", "moved");
  });
});

describe("a manifest", () => {
  const manifest = (entry: string) => JSON.stringify({ mcpPlugin: { apiVersion: 1, entry } });

  it("that names another entry is followed", async () => {
    const server = await openDevServer(
      { ...FILES, "demo/package.json": manifest("./index.ts") },
      ONE,
    );
    server.save("demo/src/main.ts", sayingPlugin("'main'"));
    server.save("demo/package.json", manifest("./src/main.ts"));
    await server.expectAnswer("demo_say", "main");
    expect(await server.status("demo")).toMatchObject({ state: "running", reloadError: null });
  });
});
