import { onTestFinished } from "vitest";
import { importPlugin } from "../../../adapters/node/import-plugin.ts";
import { createWorkerHost } from "../../../adapters/node/worker-host/worker-host.ts";
import { createInProcessHost, type Vault } from "../../../src/index.ts";
import { createTestApp, type TestApp } from "../../helpers/test-app.ts";

const entry = new URL("../../fixtures/plugins/leaky/index.js", import.meta.url).href;

/** A server with `leaky`, which tells its credential `token`, over a vault. Closed when the test ends. */
export async function openLeakyApp(kind: "in-process" | "worker", vault: Vault): Promise<TestApp> {
  const app = await createTestApp({
    plugins: { leaky: null },
    deps: {
      vault,
      runAllIn: kind,
      discovery: {
        discover: async () => ({
          packages: [{ ref: "./leaky", entry, manifest: null }],
          errors: [],
        }),
      },
      hosts: {
        "in-process": createInProcessHost({ importModule: importPlugin }),
        worker: createWorkerHost(),
      },
    },
  });
  onTestFinished(() => app.close());
  return app;
}
