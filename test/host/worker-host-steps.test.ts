import { describe, expect, it } from "vitest";
import { createWorkerHost } from "../../adapters/node/worker-host/worker-host.ts";
import { createServices } from "../contract/plugin-host/harness.ts";
import { expectEnd, expectToServe, FAULTY } from "../helpers/faulty-plugin.ts";
import { refuseUnhandledRejections } from "../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

const SILENT = "Its thread did not answer for 1 s: a loop that does not end?";

// What most of them do is wait until a loop is noticed.
describe.concurrent("in the worker host, a fault in a step", () => {
  it.each(["initialize", "start", "stop"] as const)("ends the plugin: a loop in %s", async (at) => {
    const host = createWorkerHost({ limits: { pong: 1_000 } });
    const { services } = createServices();
    const plugin = await host.load({ instanceId: "faulty", entry: FAULTY }, services);
    const steps = ["initialize", "start", "stop"] as const;
    const run = (step: (typeof steps)[number]) =>
      step === "initialize" ? plugin.initialize({ at, fault: "loop" }) : plugin[step]();
    for (const before of steps.slice(0, steps.indexOf(at))) await run(before);
    await expectEnd(run(at), SILENT);
    expect((await plugin.ended).message).toBe(SILENT);
    await plugin.cleanup();
    await expectToServe(host);
  });

  it.each([
    ["loop", {}, { pong: 1_000 }, SILENT],
    ["exit", { code: 3 }, {}, "It called process.exit(3)."],
    ["heap", {}, {}, "It ran out of memory (64 MB)."],
  ])("is no unexpected end when it is a %s in cleanup", async (fault, args, limits, message) => {
    const host = createWorkerHost({ memoryMb: 64, limits });
    const { services } = createServices();
    const plugin = await host.load({ instanceId: "faulty", entry: FAULTY }, services);
    await plugin.initialize({ at: "cleanup", fault, args });
    await expectEnd(plugin.cleanup(), message);
    const later = new Promise((resolve) => void setTimeout(resolve, 50, "nobody was told"));
    expect(await Promise.race([plugin.ended, later])).toBe("nobody was told");
    await expectToServe(host);
  });

  it("ends with the thread when a cleanup does not settle", async () => {
    const host = createWorkerHost({ limits: { cleanup: 1_000 } });
    const { services } = createServices();
    const plugin = await host.load({ instanceId: "faulty", entry: FAULTY }, services);
    await plugin.initialize({ at: "cleanup", fault: "hang" });
    await expect(plugin.cleanup()).rejects.toMatchObject({
      code: "PLUGIN_TIMEOUT",
      message: "Cleaning up took longer than 1000 ms.",
    });
    await expectToServe(host);
  });
});

describe.concurrent("in the worker host, a fault while loading", () => {
  it.each([
    ["loop", { pong: 1_000 }, "PLUGIN_UNAVAILABLE", SILENT],
    ["exit", {}, "PLUGIN_UNAVAILABLE", "It called process.exit(3)."],
    ["heap", {}, "PLUGIN_UNAVAILABLE", "It ran out of memory (64 MB)."],
    ["hang", { load: 2_000 }, "PLUGIN_TIMEOUT", "Loading took longer than 2000 ms."],
  ])("rejects, and ends the thread: %s", async (fault, limits, code, message) => {
    const host = createWorkerHost({ memoryMb: 64, limits });
    const { services } = createServices();
    const loading = host.load({ instanceId: "f", entry: `${FAULTY}?fault=${fault}` }, services);
    await expect(loading).rejects.toMatchObject({ code, message });
    await expectToServe(host);
  });
});
