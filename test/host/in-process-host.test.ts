import { createInProcessHost } from "../../src/index.ts";
import { pluginHostContract } from "../contract/plugin-host.ts";

pluginHostContract("in-process", async () => ({
  host: createInProcessHost({ importModule: (entry) => import(entry) as Promise<unknown> }),
  entryOf: (module) => new URL(`../fixtures/plugins/contract/${module}.js`, import.meta.url).href,
}));
