import { propagation, type Context, type TextMapGetter } from "@opentelemetry/api";
import { isJsonObject } from "../../util/json-object.ts";
import { TRACE_KEYS } from "./semantic-conventions.ts";

/** Longer than any that is valid (W3C Trace Context, section 3.3.1.5). */
const MAX_CHARS = 2_048;

const META: TextMapGetter<Record<string, unknown>> = {
  keys: () => [...TRACE_KEYS],
  get(meta, key) {
    const isOurs = (TRACE_KEYS as readonly string[]).includes(key) && Object.hasOwn(meta, key);
    const value = isOurs ? meta[key] : undefined;
    return typeof value === "string" && value.length <= MAX_CHARS ? value : undefined;
  },
};

/**
 * The context that a request's `_meta` continues, by the propagator that is configured; `context` itself where it
 * continues none, or one that is malformed.
 */
export function readTraceContext(meta: unknown, context: Context): Context {
  return isJsonObject(meta) ? propagation.extract(context, meta, META) : context;
}
