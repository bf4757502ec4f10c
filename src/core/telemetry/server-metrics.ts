import type { AuditEntry } from "../../types/audit.ts";
import type { ChannelKind } from "../../types/call-observer.ts";
import type { RuntimeStats } from "../../types/runtime-stats.ts";
import type { Time } from "../../types/runtime.ts";
import type { AuditStatus } from "../audit.ts";
import type { InstanceStatus } from "../plugin-status.ts";
import { PLUGIN_STATES, type PluginState } from "../plugin-state.ts";
import { CallMetrics } from "./call-metrics.ts";
import type { MetricFamily, Sample } from "./metric-families.ts";

export interface ServerMetricsDeps {
  readonly version: string;
  readonly plugins: () => readonly Pick<InstanceStatus, "id" | "state">[];
  /** `null` where the audit log is kept elsewhere. */
  readonly audit: (() => AuditStatus) | null;
  /** `null` where the runtime tells nothing of itself. */
  readonly runtime: RuntimeStats | null;
  readonly time: Time;
}

/** Everything that is counted and measured, whoever wants to see it. */
export class ServerMetrics {
  readonly calls = new CallMetrics();
  readonly #deps: ServerMetricsDeps;
  readonly #since: number;
  readonly #connections: Record<ChannelKind, number> = { sse: 0, websocket: 0, stdio: 0 };
  readonly #starts = new Map<string, number>();
  readonly #refreshes = { ok: 0, failed: 0 };

  constructor(deps: ServerMetricsDeps) {
    this.#deps = deps;
    this.#since = deps.time.now();
  }

  connectionOpened(transport: ChannelKind): void {
    this.#connections[transport]++;
  }

  connectionClosed(transport: ChannelKind): void {
    this.#connections[transport]--;
  }

  pluginMoved(plugin: string, state: PluginState): void {
    if (state === "running") this.#starts.set(plugin, (this.#starts.get(plugin) ?? 0) + 1);
  }

  audited({ action, outcome }: Pick<AuditEntry, "action" | "outcome">): void {
    if (action !== "token.refresh" || outcome === "started") return;
    this.#refreshes[outcome === "ok" ? "ok" : "failed"]++;
  }

  /** Since the start, for people. Times are milliseconds, sizes bytes. */
  summary() {
    const { plugins, audit, runtime } = this.#deps;
    const status = audit?.() ?? null;
    const states = plugins().map(({ state }) => state);
    return {
      since: this.#since,
      calls: this.calls.summary(),
      connections: { ...this.#connections },
      plugins: Object.fromEntries(
        PLUGIN_STATES.map((state) => [state, states.filter((each) => each === state).length]),
      ) as Record<PluginState, number>,
      restarts: sumOf(this.#restarts().map(({ value }) => value)),
      tokenRefreshes: { ...this.#refreshes },
      audit: status && { behind: backlogOf(status), refused: status.refused },
      process: runtime?.read() ?? null,
    };
  }

  families(): MetricFamily[] {
    return [
      {
        name: "mcp_server_info",
        help: "Which server this is.",
        type: "gauge",
        samples: [{ labels: { version: this.#deps.version }, value: 1 }],
      },
      ...this.calls.families(),
      {
        name: "mcp_connections",
        help: "Open channels of MCP clients.",
        type: "gauge",
        samples: Object.entries(this.#connections).map(([transport, value]) => ({
          labels: { transport },
          value,
        })),
      },
      {
        name: "mcp_plugin_state",
        help: "1 for the state that a plugin instance is in.",
        type: "gauge",
        samples: this.#deps.plugins().flatMap(({ id, state }) =>
          PLUGIN_STATES.map((each) => ({
            labels: { plugin: id, state: each },
            value: each === state ? 1 : 0,
          })),
        ),
      },
      {
        name: "mcp_plugin_restarts_total",
        help: "Starts of a plugin instance after its first.",
        type: "counter",
        samples: this.#restarts(),
      },
      {
        name: "mcp_token_refreshes_total",
        help: "Refreshes of OAuth tokens.",
        type: "counter",
        samples: Object.entries(this.#refreshes).map(([outcome, value]) => ({
          labels: { outcome },
          value,
        })),
      },
      ...this.#auditFamilies(),
      ...this.#processFamilies(),
    ];
  }

  #restarts(): Sample[] {
    return [...this.#starts].map(([plugin, starts]) => ({ labels: { plugin }, value: starts - 1 }));
  }

  #auditFamilies(): MetricFamily[] {
    const status = this.#deps.audit?.() ?? null;
    if (status === null) return [];
    return [
      {
        name: "mcp_audit_backlog",
        help: "Audit records that a sink still lacks.",
        type: "gauge",
        samples: status.sinks.map(({ name, behind }) => ({
          labels: { sink: name },
          value: behind,
        })),
      },
      {
        name: "mcp_audit_sink_up",
        help: "1 while an audit sink takes records.",
        type: "gauge",
        samples: status.sinks.map(({ name, isHealthy }) => ({
          labels: { sink: name },
          value: isHealthy ? 1 : 0,
        })),
      },
      {
        name: "mcp_audit_refused_total",
        help: "What was not done because no audit sink took its record.",
        type: "counter",
        samples: [{ value: status.refused }],
      },
    ];
  }

  #processFamilies(): MetricFamily[] {
    const { runtime } = this.#deps;
    const gauge = (name: string, help: string, value: number): MetricFamily => ({
      name,
      help,
      type: "gauge",
      samples: [{ value }],
    });
    const start = gauge(
      "process_start_time_seconds",
      "When the server started, in seconds since 1970.",
      this.#since / 1_000,
    );
    if (runtime === null) return [start];
    const { residentBytes, heapUsedBytes, cpuSeconds, eventLoopDelay } = runtime.read();
    return [
      start,
      gauge("process_resident_memory_bytes", "Resident memory.", residentBytes),
      gauge("nodejs_heap_size_used_bytes", "What JavaScript uses of its heap.", heapUsedBytes),
      {
        name: "process_cpu_seconds_total",
        help: "User and system time.",
        type: "counter",
        samples: [{ value: cpuSeconds }],
      },
      {
        name: "mcp_event_loop_delay_seconds",
        help: "How late timers were during the last ten seconds.",
        type: "gauge",
        samples: Object.entries(eventLoopDelay).map(([statistic, value]) => ({
          labels: { statistic },
          value,
        })),
      },
    ];
  }
}

function backlogOf({ sinks }: AuditStatus): number {
  return sumOf(sinks.map(({ behind }) => behind));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
