import type { CallObserver } from "../../types/call-observer.ts";
import type { RuntimeStats } from "../../types/runtime-stats.ts";
import type { Time } from "../../types/runtime.ts";
import type { AuditTrail } from "../audit.ts";
import {
  catalogChanged,
  createLiveEvents,
  fromAuditEntry,
  type LiveEvents,
} from "../live-events.ts";
import type { PluginManager } from "../plugin-manager.ts";
import { createCallObserver } from "./call-observer.ts";
import { CallSpans } from "./call-spans.ts";
import { ServerMetrics } from "./server-metrics.ts";

export interface TelemetryDeps {
  /** Of this server. */
  readonly version: string;
  /** The revisions of the protocol that are spoken. */
  readonly revisions: readonly string[];
  readonly manager: Pick<PluginManager, "statuses" | "subscribe">;
  /** `null` where the audit log is kept elsewhere. */
  readonly audit: Pick<AuditTrail, "status" | "subscribe"> | null;
  /** `null` where the runtime tells nothing of itself. */
  readonly runtime: RuntimeStats | null;
  readonly time: Time;
}

export interface Telemetry {
  /** For the MCP handler. */
  readonly observer: CallObserver;
  readonly metrics: ServerMetrics;
  readonly events: LiveEvents;
  /** Listens to nothing any more. */
  close(): void;
}

/** Hears of all that happens, and keeps what there is to count and to watch. */
export function createTelemetry(deps: TelemetryDeps): Telemetry {
  const { version, revisions, manager, audit, runtime, time } = deps;
  const events = createLiveEvents(() => time.now());
  const metrics = new ServerMetrics({
    version,
    plugins: () => manager.statuses(),
    audit: audit && (() => audit.status()),
    runtime,
    time,
  });
  const stops = [
    manager.subscribe({
      catalogChanged: (catalog) => events.publish(catalogChanged(catalog)),
      resourceUpdated() {},
      pluginMoved({ instanceId: plugin, before, state, error }) {
        metrics.pluginMoved(plugin, state);
        events.publish({ type: "plugin.state", plugin, state, before, error });
      },
      pluginReloaded(plugin) {
        metrics.pluginMoved(plugin, "running");
        events.publish({ type: "plugin.reloaded", plugin });
      },
    }),
    audit?.subscribe((entry) => {
      metrics.audited(entry);
      const event = fromAuditEntry(entry);
      if (event !== null) events.publish(event);
    }),
  ];
  return {
    metrics,
    events,
    observer: createCallObserver({
      spans: new CallSpans({ version, revisions }),
      metrics,
      events,
      time,
    }),
    close() {
      for (const stop of stops) stop?.();
    },
  };
}
