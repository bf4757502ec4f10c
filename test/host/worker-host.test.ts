import { createWorkerHost } from "../../adapters/node/worker-host/worker-host.ts";
import { pluginHostContract } from "../contract/plugin-host.ts";

pluginHostContract("worker", async () => ({
  host: createWorkerHost(),
  entryOf: (module) => new URL(`../fixtures/plugins/contract/${module}.js`, import.meta.url).href,
}));
