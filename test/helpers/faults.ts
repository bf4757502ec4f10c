import { expect } from "vitest";
import { CALL_PATHS, type CallTool } from "./call-paths.ts";
import { testPlugin } from "./plugins.ts";
import type { TestApp } from "./test-app.ts";

/** Must stay in the log: it stands in messages, stacks and paths of what plugins throw. */
export const SECRET = "sk-live-123";

/** What a plugin may do instead of answering, and what of it the log must have. */
export const FAULTS: readonly [what: string, run: () => unknown, logged: string | null][] = [
  ["throws at once", () => fail(new Error(SECRET)), SECRET],
  ["rejects", async () => fail(new Error(SECRET)), SECRET],
  ["rejects later", () => later().then(() => fail(new Error(SECRET))), SECRET],
  ["throws an error of its own", () => fail(new (class Own extends Error {})(SECRET)), SECRET],
  ["throws an error with a cause", () => fail(new Error("outer", { cause: SECRET })), "outer"],
  [
    "throws an error with a code",
    () => fail(Object.assign(new Error(SECRET), { code: -32002 })),
    SECRET,
  ],
  ["throws a ToolError without words", () => fail({ name: "ToolError", message: 5 }), null],
  ["throws a text", () => fail(SECRET), SECRET],
  ["throws an object", () => fail({ message: SECRET, code: 5 }), null],
  ["throws nothing", () => fail(undefined), null],
  ["throws null", () => fail(null), null],
  ["throws a symbol", () => fail(Symbol(SECRET)), null],
  ["throws what cannot be read", () => fail(unreadable()), null],
  ["throws an error without a readable stack", () => fail(unreadableError()), null],
  ["answers what cannot be read", () => unreadable(), SECRET],
  ["overflows the stack", () => recurse(), "Maximum call stack"],
  ["aborts itself", () => fail(new DOMException(SECRET, "AbortError")), null],
];

export function fail(thrown: unknown): never {
  throw thrown;
}

function recurse(): number {
  return recurse() + 1;
}

export function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

export function cycle(): object {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}

function unreadable(): object {
  return new Proxy({}, { get: (_, key) => (key === "then" ? undefined : fail(new Error(SECRET))) });
}

function unreadableError(): Error {
  const get = () => fail(new Error(SECRET));
  return Object.defineProperties(new Error(), { stack: { get }, message: { get } });
}

export function errorsOf({ logs }: Pick<TestApp, "logs">) {
  return logs.filter(({ level }) => level === "error" || level === "warn");
}

export function expectNothingToldBy(answer: unknown): void {
  const told = JSON.stringify(answer);
  expect(told).not.toContain(SECRET);
  expect(told).not.toMatch(/\bat .*:\d+:\d+|\.ts\b|node_modules|file:\/\//);
}

export async function expectHealthy(
  app: Pick<TestApp, "request">,
  callTool: CallTool = CALL_PATHS[0]!.callTool,
): Promise<void> {
  const { result } = await callTool(app, "good_hello");
  expect(result).toMatchObject({ content: [{ type: "text", text: "Hello." }] });
}

/** A plugin that must not notice what another one does. */
export const healthy = () => testPlugin({ tools: { hello: () => "Hello." } });
