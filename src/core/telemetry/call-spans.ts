import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Histogram,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import type { BegunCall, CallEnd } from "../../types/call-observer.ts";
import { Instruments } from "./instruments.ts";
import {
  ATTRIBUTE,
  EXECUTE_TOOL,
  knownMethod,
  NETWORK,
  TOOL_ERROR,
} from "./semantic-conventions.ts";
import { readTraceContext } from "./trace-context.ts";

/** An id of the client's may be of any length. */
const MAX_ID_CHARS = 64;

/** What OpenTelemetry is told of a request under way. */
export interface CallSpan {
  run<T>(work: () => T): T;
  end(end: CallEnd, seconds: number): void;
}

export interface CallSpansOptions {
  /** Of this server. */
  readonly version: string;
  /** The revisions that are spoken: no other word of a client's becomes an attribute. */
  readonly revisions: readonly string[];
}

/**
 * Spans and durations of MCP requests, by OpenTelemetry's conventions for MCP. Neither arguments nor results are told, and
 * of what a client wrote its request's id alone: not even the words of an error, in which both may stand.
 */
export class CallSpans {
  readonly #instruments: Instruments;
  readonly #revisions: ReadonlySet<string>;

  constructor({ version, revisions }: CallSpansOptions) {
    this.#instruments = new Instruments(version);
    this.#revisions = new Set(revisions);
  }

  /** `null` as long as nobody has registered an SDK. */
  begin(call: BegunCall): CallSpan | null {
    const { tracer, duration } = this.#instruments;
    if (tracer === null && duration === null) return null;
    const attributes = this.#attributesOf(call);
    const { span, inside } = tracer === null ? UNTRACED : startSpan(tracer, call, attributes);
    return {
      run: (work) => (inside === null ? work() : context.with(inside, work)),
      end: (end, seconds) => finish({ end, seconds, attributes, span, inside, duration }),
    };
  }

  /** Those that are of few values, as metrics need them. */
  #attributesOf({ method, target, transport, revision }: BegunCall): Attributes {
    const { transport: network, protocol } = NETWORK[transport];
    const isTool = method === "tools/call";
    return {
      [ATTRIBUTE.method]: knownMethod(method),
      [ATTRIBUTE.networkTransport]: network,
      ...(protocol !== null && { [ATTRIBUTE.networkProtocol]: protocol }),
      ...(revision !== null && this.#revisions.has(revision) && { [ATTRIBUTE.revision]: revision }),
      ...(isTool && { [ATTRIBUTE.operation]: EXECUTE_TOOL }),
      ...(target?.kind === "tool" && { [ATTRIBUTE.tool]: target.name }),
      ...(target?.kind === "prompt" && { [ATTRIBUTE.prompt]: target.name }),
    };
  }
}

interface StartedSpan {
  readonly span: Span | null;
  /** The context in which it is the active one. */
  readonly inside: Context | null;
}

const UNTRACED: StartedSpan = { span: null, inside: null };

function startSpan(tracer: Tracer, call: BegunCall, attributes: Attributes): StartedSpan {
  const { rpcId, target, meta } = call;
  const around = context.active();
  const outer = readTraceContext(meta, around);
  const ambient = trace.getSpanContext(around);
  const isElsewhere = ambient !== undefined && trace.getSpanContext(outer) !== ambient;
  const named = target !== null && target.kind !== "resource" ? ` ${target.name}` : "";
  const span = tracer.startSpan(
    `${attributes[ATTRIBUTE.method] as string}${named}`,
    {
      kind: SpanKind.SERVER,
      attributes: {
        ...attributes,
        [ATTRIBUTE.rpcId]: String(rpcId).slice(0, MAX_ID_CHARS),
        ...(target?.kind === "resource" && { [ATTRIBUTE.resource]: target.name }),
      },
      // The request may be part of another trace than what carries it.
      ...(isElsewhere && { links: [{ context: ambient }] }),
    },
    outer,
  );
  return { span, inside: trace.setSpan(outer, span) };
}

interface Finished extends StartedSpan {
  readonly end: CallEnd;
  readonly seconds: number;
  readonly attributes: Attributes;
  readonly duration: Histogram | null;
}

function finish({ end, seconds, attributes, span, inside, duration }: Finished): void {
  const fault = faultOf(end);
  if (span !== null) {
    if (fault !== null) {
      span.setAttributes(fault);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }
  // In its context, so that an exemplar can name the trace.
  duration?.record(seconds, { ...attributes, ...fault }, inside ?? undefined);
}

/** What says how it failed; `null` unless it did. Whoever cancels has not been failed. */
function faultOf(end: CallEnd): Attributes | null {
  if (end.outcome === "tool-error") return { [ATTRIBUTE.errorType]: TOOL_ERROR };
  if (end.outcome !== "error") return null;
  const code = String(end.code);
  return { [ATTRIBUTE.errorType]: code, [ATTRIBUTE.statusCode]: code };
}
