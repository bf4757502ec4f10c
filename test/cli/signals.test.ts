import { describe, expect, it } from "vitest";
import {
  callTool,
  openServerProcess,
  startProcess,
  temporaryFolder,
  withFixture,
  type FixtureServer,
} from "../helpers/server-process.ts";

interface Fixture extends Omit<FixtureServer, "folder"> {
  readonly call: (tool: string, args?: Record<string, unknown>) => ReturnType<typeof callTool>;
  readonly logOf: () => { level: string; message: string; error?: string }[];
}

/** Each test ends a server of its own, and most of its time waits: they run side by side. */
async function withServer(
  use: (fixture: Fixture) => Promise<void>,
  command?: readonly [string, ...string[]],
): Promise<void> {
  const { server, banner, end } = await openServerProcess(command);
  try {
    await use({
      server,
      banner,
      call: (tool, args) => callTool(banner, banner.clientKey, `e2e_${tool}`, args),
      logOf: () =>
        server
          .stderr()
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as ReturnType<Fixture["logOf"]>[number]),
    });
  } finally {
    await end();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.concurrent("a signal", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s lets calls in flight finish and ends with 0",
    (signal) =>
      withServer(async ({ server, call, logOf }) => {
        const inFlight = call("pause");
        await server.printed("Pausing");
        server.child.kill(signal);
        expect(await inFlight).toMatchObject({
          status: 200,
          text: expect.stringContaining("paused"),
        });
        expect(await server.exited).toEqual({ code: 0, signal: null });
        expect(logOf().at(-1)).toMatchObject({ message: "Server stops" });
      }),
  );

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("a second %s later on ends it at once with %i", (signal, code) =>
    withServer(async ({ server, call }) => {
      const inFlight = call("wait").catch((error: unknown) => error);
      await server.printed("Waiting");
      server.child.kill(signal);
      await pause(1_200);
      expect(server.child.exitCode).toBeNull();
      server.child.kill(signal);
      expect(await server.exited).toEqual({ code, signal: null });
      await inFlight;
    }),
  );

  it("during the start lets it come to its end, shows the secrets it stored, and stops in order", async () => {
    const { path, remove } = temporaryFolder();
    const env = withFixture(path, { startDelayMs: 700 });
    const slow = startProcess(["--json"], { cwd: path, env });
    await slow.printed("Getting ready");
    slow.child.kill("SIGTERM");
    expect(await slow.exited).toEqual({ code: 0, signal: null });
    expect((await slow.banner()).clientKey).toMatch(/^mcpk_/);
    remove();
  });
});

describe.concurrent("what a plugin leaves behind", () => {
  it("a rejected promise is logged, and the server lives on", () =>
    withServer(async ({ server, call, logOf }) => {
      expect((await call("reject_late")).text).toContain("answered");
      await server.printed("too late");
      expect(logOf().at(-1)).toMatchObject({
        level: "ERROR",
        message: "Unhandled rejection",
        error: expect.stringContaining("Error: too late"),
      });
      expect((await call("aborted")).status).toBe(200);
    }));

  it("an exception is logged, calls in flight finish, and the process ends with 3", () =>
    withServer(async ({ server, call, logOf }) => {
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
    }));
});

describe.concurrent("npm start", () => {
  it("stops in order on Ctrl-C, which a terminal sends to every process of the group", () =>
    withServer(
      async ({ server, call }) => {
        const inFlight = call("pause");
        await server.printed("Pausing");
        process.kill(-server.child.pid!, "SIGINT");
        expect((await inFlight).text).toContain("paused");
        await server.exited;
        expect(server.stderr()).toContain('"message":"Server stops"');
        expect(server.stderr()).not.toContain("at once");
        expect(server.stdout().trimEnd().split("\n")).toHaveLength(1);
      },
      ["npm", "start", "--silent", "--"],
    ));
});

describe.concurrent("a reader of the output that goes away", () => {
  it("does not take the server with it", () =>
    withServer(async ({ server, call }) => {
      server.child.stdout!.destroy();
      server.child.stderr!.destroy();
      await call("log", { text: "into the void" });
      await call("log", { text: "and again" });
      expect((await call("aborted")).status).toBe(200);
    }));
});

// By itself: what "at once" is, the server's clock says.
describe("a signal", () => {
  it("that comes twice at once, as a terminal and npm send it, is one wish", () =>
    withServer(async ({ server, call }) => {
      const inFlight = call("pause");
      await server.printed("Pausing");
      server.child.kill("SIGINT");
      server.child.kill("SIGTERM");
      await pause(100);
      server.child.kill("SIGINT");
      expect((await inFlight).status).toBe(200);
      expect(await server.exited).toEqual({ code: 0, signal: null });
    }));
});
