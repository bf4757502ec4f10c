import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  callTool,
  startProcess,
  temporaryFolder,
  withFixture,
  type Banner,
  type ServerProcess,
} from "../helpers/server-process.ts";

let folder: ReturnType<typeof temporaryFolder>;
let server: ServerProcess;
let banner: Required<Banner>;

beforeEach(async () => {
  folder = temporaryFolder();
  server = startProcess(["--json"], { cwd: folder.path, env: withFixture(folder.path) });
  banner = (await server.banner()) as Required<Banner>;
});

afterEach(async () => {
  await server.stop();
  folder.remove();
});

const call = (tool: string) => callTool(banner, banner.clientKey, `e2e_${tool}`);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const logOf = () =>
  server
    .stderr()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; message: string; error?: string });

describe("a signal", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s lets calls in flight finish and ends with 0",
    async (signal) => {
      const inFlight = call("pause");
      await server.printed("Pausing");
      server.child.kill(signal);
      expect(await inFlight).toMatchObject({
        status: 200,
        text: expect.stringContaining("paused"),
      });
      expect(await server.exited).toEqual({ code: 0, signal: null });
      expect(logOf().at(-1)).toMatchObject({ message: "Server stops" });
    },
  );

  it("that comes twice at once, as a terminal and npm send it, is one wish", async () => {
    const inFlight = call("pause");
    await server.printed("Pausing");
    server.child.kill("SIGINT");
    server.child.kill("SIGTERM");
    await pause(100);
    server.child.kill("SIGINT");
    expect((await inFlight).status).toBe(200);
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("a second %s later on ends it at once with %i", async (signal, code) => {
    const inFlight = call("wait").catch((error: unknown) => error);
    await server.printed("Waiting");
    server.child.kill(signal);
    await pause(1_200);
    expect(server.child.exitCode).toBeNull();
    server.child.kill(signal);
    expect(await server.exited).toEqual({ code, signal: null });
    await inFlight;
  });
});

describe("a signal during the start", () => {
  it("lets it come to its end, shows the secrets it stored, and stops in order", async () => {
    const env = withFixture(folder.path, { startDelayMs: 700 });
    const slow = startProcess(["--json"], {
      cwd: folder.path,
      env: { ...env, MCP_DATA_DIR: `${folder.path}/slow` },
    });
    await slow.printed("Getting ready");
    slow.child.kill("SIGTERM");
    expect(await slow.exited).toEqual({ code: 0, signal: null });
    expect((await slow.banner()).clientKey).toMatch(/^mcpk_/);
  });
});

describe("what a plugin leaves behind", () => {
  it("a rejected promise is logged, and the server lives on", async () => {
    expect((await call("reject_late")).text).toContain("answered");
    await server.printed("too late");
    expect(logOf().at(-1)).toMatchObject({
      level: "ERROR",
      message: "Unhandled rejection",
      error: expect.stringContaining("Error: too late"),
    });
    expect((await call("aborted")).status).toBe(200);
  });

  it("an exception is logged, calls in flight finish, and the process ends with 3", async () => {
    const inFlight = call("pause");
    await server.printed("Pausing");
    expect((await call("throw_late")).text).toContain("answered");
    expect((await inFlight).text).toContain("paused");
    expect(await server.exited).toEqual({ code: 3, signal: null });
    expect(logOf()).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        message: "Uncaught exception",
        error: expect.stringContaining("Error: nobody catches this"),
      }),
    );
  });
});

describe("npm start", () => {
  it("stops in order on Ctrl-C, which a terminal sends to every process of the group", async () => {
    const started = startProcess(
      ["--json"],
      {
        cwd: folder.path,
        env: { ...withFixture(folder.path), MCP_DATA_DIR: `${folder.path}/npm` },
      },
      ["npm", "start", "--silent", "--"],
    );
    const own = (await started.banner()) as Required<Banner>;
    const inFlight = callTool(own, own.clientKey, "e2e_pause");
    await started.printed("Pausing");
    process.kill(-started.child.pid!, "SIGINT");
    expect((await inFlight).text).toContain("paused");
    await started.exited;
    expect(started.stderr()).toContain('"message":"Server stops"');
    expect(started.stderr()).not.toContain("at once");
    expect(started.stdout().trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("a reader of the output that goes away", () => {
  it("does not take the server with it", async () => {
    server.child.stdout!.destroy();
    server.child.stderr!.destroy();
    await callTool(banner, banner.clientKey, "e2e_log", { text: "into the void" });
    await callTool(banner, banner.clientKey, "e2e_log", { text: "and again" });
    expect((await call("aborted")).status).toBe(200);
  });
});
