import {
  loadRemotePlugin,
  type PluginHost,
  type RemoteLimits,
  type Time,
} from "../../../src/index.ts";
import { systemTime } from "../runtime.ts";
import { openWorker } from "./worker-link.ts";

/**
 * What one plugin may hold in its heap and in buffers, in MB. What V8 has yet to collect counts, too: of buffers alone it
 * lets over 100 MB gather.
 */
const MEMORY_MB = 256;

export interface WorkerHostDeps {
  readonly time?: Time;
  readonly memoryMb?: number;
  readonly limits?: Partial<RemoteLimits>;
  /**
   * Hears of each file that an instance's code consists of, as a `file:` URL: once a life, as soon as it is known, and
   * also of a life that does not come about. The server's own files are not among them.
   */
  readonly onModule?: (instanceId: string, url: string) => void;
}

/**
 * Runs each plugin in a thread of its own, which is ended with it. A plugin that loops, exits, fills its memory or floods
 * the server is ended and takes nothing else with it; a thread is no wall against code that means harm (docs/architecture.md).
 */
export function createWorkerHost({
  time = systemTime,
  memoryMb = MEMORY_MB,
  limits,
  onModule,
}: WorkerHostDeps = {}): PluginHost {
  return {
    kind: "worker",
    overlaps: true,
    load(source, services) {
      const { instanceId } = source;
      return loadRemotePlugin(source, {
        open: (events) => openWorker({ instanceId, memoryMb }, events),
        services,
        time,
        ...(limits && { limits }),
        onModules: (urls) => {
          for (const url of urls) onModule?.(instanceId, url);
        },
      });
    },
  };
}
