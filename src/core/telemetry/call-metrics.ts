import type { BegunCall, CallEnd, TransportKind } from "../../types/call-observer.ts";
import { DURATION_BOUNDS, DurationHistogram } from "./duration-histogram.ts";
import type { HistogramSample, MetricFamily, Sample } from "./metric-families.ts";
import { knownMethod, OTHER } from "./semantic-conventions.ts";

/** Tools that are counted each for itself; those that come later, when plugins come and go for weeks, count as one. */
const MAX_TOOLS = 5_000;
/** In the place of a name that the catalog does not have: what a client writes there is no label. */
const UNKNOWN = "unknown";

type Outcome = CallEnd["outcome"];

const OUTCOMES: readonly Outcome[] = ["ok", "tool-error", "error", "asked", "cancelled"];

interface ToolCounts {
  readonly plugin: string;
  readonly tool: string;
  readonly outcomes: Record<Outcome, number>;
  readonly durations: DurationHistogram;
}

interface RequestCounts {
  readonly method: string;
  readonly transport: TransportKind;
  readonly outcomes: Record<Outcome, number>;
}

/** How one tool, or all tools of a plugin, or all there are, did since the start. */
export interface CallSummary {
  readonly calls: number;
  /** Calls that ended in an error, whether the tool's own or the server's. */
  readonly errors: number;
  /** Milliseconds; `null` without a call. */
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Counts MCP requests and, closer, calls of tools. */
export class CallMetrics {
  readonly #requests = new Map<string, RequestCounts>();
  /** By plugin, and then by tool. */
  readonly #tools = new Map<string, Map<string, ToolCounts>>();
  #toolCount = 0;
  #underWay = 0;

  began(): void {
    this.#underWay++;
  }

  ended({ method, transport, target }: BegunCall, { outcome }: CallEnd, seconds: number): void {
    this.#underWay--;
    this.#requestsOf(knownMethod(method), transport).outcomes[outcome]++;
    if (method !== "tools/call") return;
    const tool = this.#toolOf(target?.instanceId ?? UNKNOWN, target?.name ?? UNKNOWN);
    tool.outcomes[outcome]++;
    tool.durations.add(seconds);
  }

  families(): MetricFamily[] {
    const tools = this.#allTools();
    return [
      {
        name: "mcp_requests_total",
        help: "MCP requests that have ended.",
        type: "counter",
        samples: [...this.#requests.values()].flatMap(({ method, transport, outcomes }) =>
          toSamples({ method, transport }, outcomes),
        ),
      },
      {
        name: "mcp_requests_in_flight",
        help: "MCP requests under way.",
        type: "gauge",
        samples: [{ value: this.#underWay }],
      },
      {
        name: "mcp_tool_calls_total",
        help: "Calls of tools that have ended.",
        type: "counter",
        samples: tools.flatMap(({ plugin, tool, outcomes }) =>
          toSamples({ plugin, tool }, outcomes),
        ),
      },
      {
        name: "mcp_tool_call_duration_seconds",
        help: "How long calls of tools took.",
        type: "histogram",
        samples: tools.map(({ plugin, tool, durations }) =>
          toHistogramSample({ plugin, tool }, durations),
        ),
      },
    ];
  }

  /** The most called first. */
  summary() {
    const plugins = [...this.#tools].map(([plugin, tools]) => ({
      plugin,
      ...summarize([...tools.values()]),
      tools: [...tools.values()]
        .map((counts) => ({ tool: counts.tool, ...summarize([counts]) }))
        .toSorted(byCalls),
    }));
    return {
      requests: sumOf([...this.#requests.values()].map(({ outcomes }) => totalOf(outcomes))),
      underWay: this.#underWay,
      ...summarize(this.#allTools()),
      plugins: plugins.toSorted(byCalls),
    };
  }

  #requestsOf(method: string, transport: TransportKind): RequestCounts {
    const key = `${transport} ${method}`;
    let counts = this.#requests.get(key);
    if (counts === undefined) {
      this.#requests.set(key, (counts = { method, transport, outcomes: noOutcomes() }));
    }
    return counts;
  }

  #toolOf(plugin: string, tool: string): ToolCounts {
    const found = this.#tools.get(plugin)?.get(tool);
    if (found !== undefined) return found;
    if (this.#toolCount >= MAX_TOOLS && plugin !== OTHER) return this.#toolOf(OTHER, OTHER);
    this.#toolCount++;
    const counts = { plugin, tool, outcomes: noOutcomes(), durations: new DurationHistogram() };
    let ofPlugin = this.#tools.get(plugin);
    if (ofPlugin === undefined) this.#tools.set(plugin, (ofPlugin = new Map()));
    ofPlugin.set(tool, counts);
    return counts;
  }

  #allTools(): ToolCounts[] {
    return [...this.#tools.values()].flatMap((tools) => [...tools.values()]);
  }
}

function noOutcomes(): Record<Outcome, number> {
  return { ok: 0, "tool-error": 0, error: 0, asked: 0, cancelled: 0 };
}

/** Also those that are zero: a counter that appears with its first error shows no increase by it. */
function toSamples(
  labels: Readonly<Record<string, string>>,
  outcomes: Record<Outcome, number>,
): Sample[] {
  return OUTCOMES.map((outcome) => ({
    labels: { ...labels, outcome },
    value: outcomes[outcome],
  }));
}

function toHistogramSample(
  labels: Readonly<Record<string, string>>,
  { counts, sum, count }: DurationHistogram,
): HistogramSample {
  let below = 0;
  const buckets = DURATION_BOUNDS.map((bound, at) => [bound, (below += counts[at]!)] as const);
  return { labels, buckets, sum, count };
}

function summarize(tools: readonly ToolCounts[]): CallSummary {
  const all = new DurationHistogram();
  for (const { durations } of tools) all.merge(durations);
  const milliseconds = (part: number) => {
    const seconds = all.quantile(part);
    return seconds === null ? null : Math.round(seconds * 1e6) / 1e3;
  };
  return {
    calls: all.count,
    errors: sumOf(tools.map(({ outcomes }) => outcomes.error + outcomes["tool-error"])),
    p50: milliseconds(0.5),
    p95: milliseconds(0.95),
  };
}

function totalOf(outcomes: Record<Outcome, number>): number {
  return sumOf(Object.values(outcomes));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Compares by calls, the most first. */
function byCalls(a: CallSummary, b: CallSummary): number {
  return b.calls - a.calls;
}
