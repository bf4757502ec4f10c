import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const sdk = fileURLToPath(new URL("src/plugins/index.ts", import.meta.url));

export default defineConfig({
  resolve: { alias: { "mcp-plugin-server/plugin": sdk } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/workers/**", "test/fixtures/**"],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
