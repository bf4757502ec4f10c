import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const sdk = fileURLToPath(new URL("src/plugins/index.ts", import.meta.url));
const migrations = fileURLToPath(new URL("drizzle/migrations/sqlite", import.meta.url));

// What wrangler, which runs workerd for the tests, would otherwise look up, report or write elsewhere.
Object.assign(process.env, {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CLOUDFLARE_TELEMETRY_DISABLED: "1",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
});

/** Tests that start processes, measure memory or break things: each file has a process to itself. */
const OWN_PROCESS = ["cli", "conformance", "e2e", "faults", "package"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  resolve: { alias: { "mcp-plugin-server/plugin": sdk } },
  test: {
    // A Worker logs to the console; of a test that passed nobody wants to read it.
    silent: "passed-only",
    // Most tests wait for processes and sockets: with one file at a time, as many as there are cores less one, two cores
    // take 386 s for what takes 241 s with two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/workers/**", "test/fixtures/**", ...OWN_PROCESS],
          testTimeout: 20_000,
          // A new process and all modules anew for each of 300 files cost half of the time: 217 s of CPU became 95 for
          // core, util, api and storage. No test here keeps anything in a module, or changes the process it runs in.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: OWN_PROCESS,
          exclude: ["test/fixtures/**"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // The Worker has no database yet. The repositories are tested on it.
              d1Databases: ["TEST_DB"],
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations(migrations),
                PUBLIC_URL: "https://mcp.example.org",
                MCP_CLIENT_KEY: "mcpk_workers_test_client_key_0123456789",
                MCP_ADMIN_TOKEN: "mcpa_workers_test_admin_token_012345678",
                MCP_MASTER_KEY: "0123456789abcdef".repeat(4),
              },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
