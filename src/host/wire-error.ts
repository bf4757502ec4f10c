import { AppError, ERROR_CODES, messageOf, stackOf, type ErrorCode } from "../errors.ts";

const MAX_ERROR_CHARS = 16 * 1024;
const MAX_STACK_CHARS = 32 * 1024;

/** What the server itself says of a call. A plugin that says it has not ended the call thereby. */
const SAID_BY_HOST: ReadonlySet<string> = new Set<ErrorCode>([
  "CALL_ABORTED",
  "PLUGIN_TIMEOUT",
  "PLUGIN_UNAVAILABLE",
]);

/** An error on its way between server and plugin. Its stack goes along: it holds file and line. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
}

/** Whatever was thrown, as data. Never throws itself. */
export function toWireError(thrown: unknown): WireError {
  const message = messageOf(thrown).slice(0, MAX_ERROR_CHARS);
  const stack = stackOf(thrown).slice(0, MAX_STACK_CHARS);
  try {
    const { name, code } = thrown as { name?: unknown; code?: unknown };
    return {
      name: typeof name === "string" ? name : "Error",
      message,
      stack,
      ...(typeof code === "string" && { code }),
    };
  } catch {
    return { name: "Error", message, stack };
  }
}

/** What the server answered a plugin; an `AppError` keeps its code. */
export function fromServerError(wire: WireError): Error {
  return isAppError(wire) ? new AppError(wire.code, wire.message) : fromWire(wire);
}

/** What a plugin threw. It is an `AppError` only where the code may have come from the plugin's side. */
export function fromPluginError(wire: WireError): Error {
  if (!isAppError(wire) || SAID_BY_HOST.has(wire.code)) return fromWire(wire);
  return Object.assign(new AppError(wire.code, wire.message), { stack: wire.stack });
}

export function isWireError(value: unknown): value is WireError {
  if (typeof value !== "object" || value === null) return false;
  const { name, message, stack, code } = value as Record<string, unknown>;
  return (
    [name, message, stack].every((part) => typeof part === "string") &&
    (code === undefined || typeof code === "string")
  );
}

function fromWire({ name, message, stack, code }: WireError): Error {
  return Object.assign(new Error(message), { name, stack, ...(code !== undefined && { code }) });
}

function isAppError(wire: WireError): wire is WireError & { readonly code: ErrorCode } {
  return wire.name === "AppError" && (ERROR_CODES as readonly unknown[]).includes(wire.code);
}
