import { describe, expect, it } from "vitest";
import { MAX_MESSAGE_CHARS, parsePluginMessage } from "../../src/host/host-messages.ts";
import { fromPluginError, fromServerError, toWireError } from "../../src/host/wire-error.ts";
import { AppError } from "../../src/errors.ts";

const error = { name: "Error", message: "m", stack: "s" };

describe("a plugin's message", () => {
  it.each([
    { type: "pong" },
    { type: "answer", id: 1 },
    { type: "answer", id: 1, value: { any: ["thing"] } },
    { type: "failure", id: 1, error },
    { type: "failure", id: 1, error: { ...error, code: "ENOENT" } },
    { type: "progress", id: 1, progress: 0.5 },
    { type: "progress", id: 1, progress: 1, total: 2, message: "half" },
    { type: "call-log", id: 1, level: "info", data: null },
    { type: "close-stream", id: 1 },
    { type: "log", level: "warn", message: "m", fields: {} },
    { type: "ask", id: 1, service: "getCredential", args: ["k"] },
    { type: "ask", id: 1, service: "requireReauth", args: [""] },
    { type: "ask", id: 1, service: "fetch", args: ["{}", ""] },
    { type: "cancel-ask", id: 1 },
    { type: "changed", list: "prompts" },
    { type: "resource-updated", uri: "a:b" },
    { type: "modules", urls: ["file:///a.ts"] },
    { type: "fatal", cause: "flood" },
    { type: "fatal", cause: "rejection", error },
  ])("is taken as it is: %j", (message) => {
    expect(parsePluginMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });

  it.each([
    { type: "answer" },
    { type: "answer", id: "1" },
    { type: "answer", id: 1.5 },
    { type: "failure", id: 1, error: { name: "Error", message: 1, stack: "" } },
    { type: "failure", id: 1, error: { ...error, code: 5 } },
    { type: "failure", id: 1, error: null },
    { type: "progress", id: 1, progress: null },
    { type: "progress", id: 1, progress: 1, total: "2" },
    { type: "progress", id: 1, progress: 1, message: 2 },
    { type: "call-log", id: 1, level: 5 },
    { type: "close-stream" },
    { type: "log", level: "loud", message: "m", fields: {} },
    { type: "log", level: "warn", message: {}, fields: {} },
    { type: "log", level: "warn", message: "m", fields: [] },
    { type: "ask", id: 1, service: "getCredential", args: [] },
    { type: "ask", id: 1, service: "getCredential", args: [1] },
    { type: "ask", id: 1, service: "getCredential", args: ["k", "other plugin"] },
    { type: "ask", id: 1, service: "toString", args: [] },
    { type: "ask", id: 1, service: "fetch", args: ["{}"] },
    { type: "cancel-ask" },
    { type: "changed", list: "everything" },
    { type: "resource-updated", uri: 1 },
    { type: "modules", urls: ["https://example.org/a.js"] },
    { type: "fatal", cause: "whim", error },
    { type: "fatal", cause: "exception" },
  ])("is refused when it is malformed: %j", (message) => {
    expect(parsePluginMessage(JSON.stringify(message))).toEqual({
      ok: false,
      reason: `is malformed, of type "${message.type}"`,
    });
  });

  it.each([
    [undefined, "is no text"],
    [{ type: "pong" }, "is no text"],
    ["", "is no JSON"],
    ["null", "is no object"],
    ["[]", "is no object"],
    ["{}", "is of no known type"],
    ['{"type":"toString"}', "is of no known type"],
    ['{"type":"__proto__"}', "is of no known type"],
    [
      " ".repeat(MAX_MESSAGE_CHARS + 1),
      `is longer than ${MAX_MESSAGE_CHARS} characters (${MAX_MESSAGE_CHARS + 1})`,
    ],
  ])("is refused when it is none: %.20j", (data, reason) => {
    expect(parsePluginMessage(data)).toEqual({ ok: false, reason });
  });
});

describe("an error on its way", () => {
  it("keeps name, message, stack and code", () => {
    const thrown = Object.assign(new RangeError("far"), { code: "EFAR" });
    const arrived = fromPluginError(toWireError(thrown));
    expect(arrived).toMatchObject({
      name: "RangeError",
      message: "far",
      code: "EFAR",
      stack: thrown.stack,
    });
    expect(arrived).toBeInstanceOf(Error);
  });

  it("stays an AppError, in both directions", () => {
    const wire = toWireError(new AppError("NOT_CONNECTED", "nobody"));
    for (const arrived of [fromServerError(wire), fromPluginError(wire)]) {
      expect(arrived).toBeInstanceOf(AppError);
      expect(arrived).toMatchObject({ code: "NOT_CONNECTED", message: "nobody" });
    }
  });

  it.each(["CALL_ABORTED", "PLUGIN_TIMEOUT", "PLUGIN_UNAVAILABLE"] as const)(
    "is no AppError when a plugin says %s, which is the server's to say",
    (code) => {
      const wire = toWireError(new AppError(code, "forged"));
      expect(fromPluginError(wire)).not.toBeInstanceOf(AppError);
      expect(fromServerError(wire)).toBeInstanceOf(AppError);
    },
  );

  it("is no AppError of a code that there is not", () => {
    const wire = { ...error, name: "AppError", code: "ROOT" };
    expect(fromPluginError(wire)).not.toBeInstanceOf(AppError);
  });

  const fail = () => {
    throw new Error("hidden");
  };
  it.each([
    ["null", null, "null"],
    ["a text", "why", "why"],
    ["what cannot be read", new Proxy({}, { get: fail }), "an error that cannot be described"],
    [
      "an error whose name cannot be read",
      Object.defineProperty(new Error("m"), "name", { get: fail }),
      "m",
    ],
  ])("is made of %s, too", (_what, thrown, message) => {
    expect(toWireError(thrown)).toMatchObject({ name: "Error", message });
  });

  it("is cut where it is too long", () => {
    const wire = toWireError(new Error("x".repeat(1_000_000)));
    expect(JSON.stringify(wire).length).toBeLessThan(60_000);
  });
});
