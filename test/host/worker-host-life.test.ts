import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { takeSecrets } from "../../adapters/node/secrets.ts";
import { createWorkerHost } from "../../adapters/node/worker-host/worker-host.ts";
import { createServices } from "../contract/plugin-host/harness.ts";
import { FAULTY, withFaulty } from "../helpers/faulty-plugin.ts";
import { ROOT, temporaryFolder } from "../helpers/server-process.ts";

const folder = temporaryFolder();

/** Runs lines of a program that has a `host` and can `load()` the faulty plugin, in a process of its own. */
function runProgram(name: string, lines: string) {
  const path = join(folder.path, `${name}.ts`);
  const ignore = "() => {}";
  writeFileSync(
    path,
    `import { createWorkerHost } from ${JSON.stringify(join(ROOT, "adapters/node/worker-host/worker-host.ts"))};
     const logger = { debug: ${ignore}, info: ${ignore}, warn: ${ignore}, error: ${ignore}, with: () => logger };
     const services = { logger } as never;
     const host = createWorkerHost({ limits: { cleanup: 100, load: 2_000, pong: 1_000 } });
     const load = (query = "") => host.load({ instanceId: "p", entry: ${JSON.stringify(FAULTY)} + query }, services);
     ${lines}`,
  );
  return spawnSync(process.execPath, [path], { encoding: "utf8", timeout: 15_000 });
}

describe("in the worker host, a thread", () => {
  it.each([
    ["a plugin in order", `const p = await load(); await p.initialize({}); await p.cleanup();`],
    [
      "a cleanup that never settles",
      `const p = await load(); await p.initialize({ at: "cleanup", fault: "hang" });
       await p.cleanup().catch(() => {});`,
    ],
    [
      "a stop that never settles",
      `const p = await load(); await p.initialize({ at: "stop", fault: "hang" }); await p.start();
       p.stop().catch(() => {}); await p.cleanup();`,
    ],
    [
      "a start that never settles",
      `const p = await load(); await p.initialize({ at: "start", fault: "hang" });
       p.start().catch(() => {}); await p.cleanup().catch(() => {});`,
    ],
    [
      "a cleanup that loops as V8 likes it",
      `const p = await load(); await p.initialize({ at: "cleanup", fault: "heap" });
       await p.cleanup().catch(() => {});`,
    ],
    ["a load that never settles", `await load("?fault=hang").catch(() => {});`],
    ["a load that loops", `await load("?fault=loop").catch(() => {});`],
  ])("keeps no process alive after %s", (name, lines) => {
    const { status, signal, stdout, stderr } = runProgram(
      name.replaceAll(" ", "-"),
      `${lines} process.stdout.write("done");`,
    );
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: "done",
      stderr: "",
    });
  });

  it("is not waited for that hangs in a child process, and ends with that", async () => {
    const host = createWorkerHost({ limits: { load: 300 } });
    const { services } = createServices();
    const started = performance.now();
    const entry = `data:text/javascript,import { execSync } from "node:child_process"; execSync("sleep 4");`;
    await expect(host.load({ instanceId: "p", entry }, services)).rejects.toMatchObject({
      code: "PLUGIN_TIMEOUT",
    });
    expect(performance.now() - started).toBeLessThan(3_500);
  });

  it("finds a copy of the environment, without the server's secrets", () => {
    process.env["MCP_ADMIN_TOKEN"] = "mcpa_worker_test_admin_token_0123456789";
    process.env["MCP_MASTER_KEY"] = "0123456789abcdef".repeat(4);
    process.env["WORKER_TEST"] = "told";
    takeSecrets(process.env);
    return withFaulty(async ({ callTool }) => {
      const env = (await callTool("env")) as Record<string, string>;
      expect(env["WORKER_TEST"]).toBe("told");
      expect(Object.keys(env).filter((name) => name.startsWith("MCP_"))).toEqual([]);
      expect(await callTool("setEnv", { name: "WORKER_TEST", value: "changed" })).toBe("changed");
      expect(process.env["WORKER_TEST"]).toBe("told");
    });
  });

  it("finds no way to the server where plugins would look for one", () =>
    withFaulty(async ({ callTool }) => {
      expect(await callTool("takePort")).toEqual([]);
    }));
});

describe("in the worker host, what a plugin writes", () => {
  it("to the console, stdout or stderr, or warns of, goes to its log, line by line", () =>
    withFaulty(async ({ callTool, logs }) => {
      await callTool("write");
      await callTool("nothing");
      expect(logs).toEqual([
        { level: "info", message: "logged { a: 1 }", fields: { from: "console" } },
        { level: "error", message: "failed", fields: { from: "console" } },
        { level: "info", message: "one", fields: { from: "stdout" } },
        { level: "info", message: "two, in parts", fields: { from: "stdout" } },
        { level: "info", message: "bytes", fields: { from: "stdout" } },
        { level: "warn", message: "on stderr", fields: { from: "stderr" } },
        { level: "warn", message: "old", fields: { warning: "DeprecationWarning" } },
      ]);
    }));

  it("never reaches the server's stdout", () => {
    const { stdout } = runProgram(
      "writes",
      `const p = await load(); await p.initialize({ at: "start", fault: "write" }); await p.start(); await p.cleanup();`,
    );
    expect(stdout).toBe("");
  });
});
