import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { HotReload } from "../../../../adapters/node/dev/hot-reload.ts";
import { createRecordingLogger } from "../../../helpers/logger.ts";
import { openDevServer, sayingPlugin, WAIT } from "../../../helpers/dev-server.ts";

const ONE = { demo: { package: "./demo" } };

/** Long enough for a reload that should not come. */
const QUIET_MS = 500;

describe("a saved file", () => {
  it.each(["write", "replace"] as const)("that is the entry is read again (%s)", async (how) => {
    const server = await openDevServer({ "demo/index.ts": sayingPlugin("'one'") }, ONE);
    expect(await server.call("demo_say")).toBe("one");
    server.save("demo/index.ts", sayingPlugin("'two'"), how);
    await server.expectAnswer("demo_say", "two");
  });

  it.each([
    { file: "demo/lib/words.ts", head: 'import { word } from "./lib/words.ts";', text: "ts" },
    { file: "demo/words.js", head: 'import { word } from "./words.js";', text: "js" },
    {
      file: "demo/words.cjs",
      head: 'import words from "./words.cjs"; const { word } = words;',
      text: "cjs",
    },
    {
      file: "demo/words.json",
      head: 'import words from "./words.json" with { type: "json" }; const { word } = words;',
      text: "json",
    },
    { file: "shared/words.ts", head: 'import { word } from "../shared/words.ts";', text: "ts" },
    {
      file: "demo/lazy.ts",
      head: 'const { word } = await import("./lazy.ts");',
      text: "ts",
    },
  ])("that the entry imports is read again: $file", async ({ file, head, text }) => {
    const source = (word: string) =>
      ({
        ts: `export const word: string = "${word}";`,
        js: `export const word = "${word}";`,
        cjs: `module.exports = { word: "${word}" };`,
        json: `{ "word": "${word}" }`,
      })[text]!;
    const server = await openDevServer(
      { "demo/index.ts": sayingPlugin("word", { head }), [file]: source("one") },
      ONE,
    );
    expect(await server.call("demo_say")).toBe("one");
    for (const word of ["two", "three"]) {
      server.save(file, source(word));
      await server.expectAnswer("demo_say", word);
    }
  });

  it("that is imported by an import is read again, and one that is new with it", async () => {
    const server = await openDevServer(
      {
        "demo/index.ts": sayingPlugin("word", { head: 'import { word } from "./a.ts";' }),
        "demo/a.ts": 'export { word } from "./b.ts";',
        "demo/b.ts": 'export const word = "one";',
      },
      ONE,
    );
    server.save("demo/b.ts", 'export const word = "two";');
    await server.expectAnswer("demo_say", "two");
    server.save("demo/c.ts", 'export const word = "three";');
    server.save("demo/a.ts", 'export { word } from "./c.ts";');
    await server.expectAnswer("demo_say", "three");
    server.save("demo/c.ts", 'export const word = "four";');
    await server.expectAnswer("demo_say", "four");
    expect(await server.status("demo")).toMatchObject({ reloadError: null });
  });

  it("that is no part of the code changes nothing", async () => {
    const server = await openDevServer(
      { "demo/index.ts": sayingPlugin("Math.random()"), "demo/notes.txt": "1" },
      ONE,
    );
    const before = await server.call("demo_say");
    expect(await server.call("demo_say")).not.toBe(before);
    server.save("demo/notes.txt", "2");
    server.save("demo/cache.json", "{}");
    server.save("demo/unused.ts", "export {};");
    await delay(QUIET_MS);
    expect(server.logs.map(({ message }) => message)).not.toContain("Plugin was reloaded");
  });

  it("is read again when it was saved while it was read for the first time", async () => {
    const head = `import { word } from "./words.ts";
      const until = Date.now() + 700; while (Date.now() < until);`;
    const server = await openDevServer({ "demo/index.ts": sayingPlugin("'one'") }, ONE);
    server.save("demo/words.ts", 'export const word = "early";');
    server.save("demo/index.ts", sayingPlugin("word", { head }));
    await delay(400);
    server.save("demo/words.ts", 'export const word = "late";');
    await server.expectAnswer("demo_say", "late");
    expect(await server.status("demo")).toMatchObject({ reloadError: null });
  });

  it("lets a call in flight finish on the old code", async () => {
    const slow = (word: string) =>
      sayingPlugin(`await new Promise((done) => setTimeout(done, 600, "${word}"))`);
    const server = await openDevServer({ "demo/index.ts": slow("one") }, ONE);
    const inFlight = server.call("demo_say");
    await delay(50);
    server.save("demo/index.ts", sayingPlugin("'two'"));
    await server.expectAnswer("demo_say", "two");
    expect(await inFlight).toBe("one");
  });

  it("reloads those that depend on it", async () => {
    const dependent = sayingPlugin("loaded", {
      head: "const loaded = process.hrtime.bigint();",
      members: 'dependencies = ["saying"];',
    }).replace('name = "saying"', 'name = "dependent"');
    const server = await openDevServer(
      { "demo/index.ts": sayingPlugin("'one'"), "dependent/index.ts": dependent },
      { ...ONE, dependent: { package: "./dependent" } },
    );
    const before = await server.call("dependent_say");
    server.save("demo/index.ts", sayingPlugin("'two'"));
    await server.expectAnswer("demo_say", "two");
    await vi.waitFor(async () => {
      expect(await server.call("dependent_say")).not.toBe(before);
    }, WAIT);
  });
});

describe("a version that does not come up", () => {
  it.each([
    {
      what: "has a syntax error",
      bad: sayingPlugin("'two'").replace("getTools() {", "getTools( {"),
      says: /Loading failed: .+demo\/index\.ts:\d+/s,
    },
    {
      what: "imports what does not exist",
      bad: sayingPlugin("x", { head: 'import { x } from "./gone.ts";' }),
      says: /Loading failed: Cannot find module '.+gone\.ts' imported from .+demo\/index\.ts/,
    },
    {
      what: "imports a name that is not exported",
      bad: sayingPlugin("x", { head: 'import { x } from "./words.ts";' }),
      says: /Loading failed: .+does not provide an export named 'x'.*demo\/index\.ts:1/s,
    },
    {
      what: "throws when it is loaded",
      bad: sayingPlugin("'two'", { head: "\n\nthrow new Error('at load');" }),
      says: /Loading failed: at load \(.+demo\/index\.ts:3:7\)/,
    },
    {
      what: "throws when it starts",
      bad: sayingPlugin("'two'", { members: "async start() { throw new Error('at start'); }" }),
      says: /Starting failed: at start \(.+demo\/index\.ts:\d+:\d+\)/,
    },
    {
      what: "ends its thread when it starts",
      bad: sayingPlugin("'two'", { members: "async start() { process.exit(7); }" }),
      says: /Starting failed: .*process\.exit\(7\)/,
    },
    {
      what: "is no plugin",
      bad: "export default 5;",
      says: /Loading failed: The default export must be a plugin object/,
    },
  ])("leaves the old one serving when it $what, and says where", async ({ bad, says }) => {
    const server = await openDevServer(
      { "demo/index.ts": sayingPlugin("'one'"), "demo/words.ts": "export const word = 1;" },
      ONE,
    );
    server.save("demo/index.ts", bad);
    await vi.waitFor(async () => {
      expect((await server.status("demo"))?.reloadError).toMatch(says);
    }, WAIT);
    expect(await server.status("demo")).toMatchObject({ state: "running", error: null });
    expect(await server.call("demo_say")).toBe("one");
    const errors = server.logs.filter(({ level }) => level === "error");
    expect(errors.map(({ message }) => message).join("\n")).toMatch(says);

    server.save("demo/index.ts", sayingPlugin("'three'"));
    await server.expectAnswer("demo_say", "three");
    expect(await server.status("demo")).toMatchObject({ reloadError: null });
  });

  it("names the line of a syntax error in plain JavaScript, too", async () => {
    const good = (word: string) => `export const word = "${word}";\n`;
    const server = await openDevServer(
      {
        "demo/index.ts": sayingPlugin("word", { head: 'import { word } from "./words.js";' }),
        "demo/words.js": good("one"),
      },
      ONE,
    );
    server.save("demo/words.js", `\n\nexport const word = ;\n`);
    await vi.waitFor(async () => {
      expect((await server.status("demo"))?.reloadError).toMatch(/demo\/words\.js:3/);
    }, WAIT);
    server.save("demo/words.js", good("two"));
    await server.expectAnswer("demo_say", "two");
  });

  it("comes up when the missing file is there", async () => {
    const server = await openDevServer({ "demo/index.ts": sayingPlugin("'one'") }, ONE);
    server.save("demo/index.ts", sayingPlugin("x", { head: 'import { x } from "./new.ts";' }));
    await vi.waitFor(async () => {
      expect((await server.status("demo"))?.reloadError).toContain("new.ts");
    }, WAIT);
    server.save("demo/new.ts", "export const x = 'new';");
    await server.expectAnswer("demo_say", "new");
  });

  it("comes up when the missing file is there with its folder", async () => {
    const server = await openDevServer({ "demo/index.ts": sayingPlugin("'one'") }, ONE);
    server.save("demo/index.ts", sayingPlugin("x", { head: 'import { x } from "./lib/new.ts";' }));
    await vi.waitFor(async () => {
      expect((await server.status("demo"))?.reloadError).toContain("new.ts");
    }, WAIT);
    server.save("demo/lib/new.ts", "export const x = 'new';");
    await server.expectAnswer("demo_say", "new");
    expect(await server.status("demo")).toMatchObject({ reloadError: null });
  });

  it("does not try again for what it writes itself", async () => {
    const server = await openDevServer({ "demo/index.ts": sayingPlugin("'one'") }, ONE);
    const writes = `
      const { writeFileSync } = await import("node:fs");
      writeFileSync(new URL("./cache.json", import.meta.url), String(process.hrtime.bigint()));
      throw new Error("after writing");`;
    for (const word of ["two", "three"]) {
      server.save(
        "demo/index.ts",
        sayingPlugin(`'${word}'`, { members: `async start() { ${writes} }` }),
      );
      await vi.waitFor(async () => {
        expect((await server.status("demo"))?.reloadError).toContain("after writing");
      }, WAIT);
    }
    await delay(QUIET_MS);
    const tries = server.logs.filter(({ message }) => message.includes("after writing"));
    expect(tries).toHaveLength(2);
  });

  it("comes up when it never has before", async () => {
    const server = await openDevServer({ "demo/index.ts": "export default {" }, ONE);
    expect(await server.status("demo")).toMatchObject({ state: "failed" });
    server.save("demo/index.ts", sayingPlugin("'one'"));
    await server.expectAnswer("demo_say", "one");
  });
});

describe("a module that is no file of this machine", () => {
  it.each(["file://elsewhere/x.js", "file:///a%2Fb.js", "no URL"])("is not watched: %s", (url) => {
    const hotReload = new HotReload({
      settings: { configFile: "/nowhere/c.json", configNamed: true, pluginsDir: "/nowhere/p" },
      logger: createRecordingLogger(),
    });
    expect(() => hotReload.onModule("demo", url)).not.toThrow();
    hotReload.close();
  });
});
