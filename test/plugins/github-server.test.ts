import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { modernRequest } from "../helpers/mcp.ts";
import { startNodeServer } from "../helpers/node-server.ts";
import { temporaryFolder } from "../helpers/server-process.ts";
import { conditional, file, repository } from "./github-answers.ts";
import { PERSONAL, REPOSITORY, SITE } from "./github-host.ts";
import { openLoopbackService } from "../helpers/loopback-service.ts";

/** The whole server, with the plugin as an operator has it. */
async function serve(host: "in-process" | "worker", env: Record<string, string> = {}) {
  const service = await openLoopbackService();
  const { path, remove } = temporaryFolder();
  onTestFinished(async () => {
    await service.close();
    remove();
  });
  const entry = { package: "./github", host, config: { baseUrl: service.baseUrl } };
  writeFileSync(join(path, "plugins.json"), JSON.stringify({ plugins: { gh: entry } }));
  const server = await startNodeServer({
    PORT: "0",
    MCP_DATA_DIR: join(path, "data"),
    MCP_CONFIG: join(path, "plugins.json"),
    MCP_PLUGINS_DIR: resolve("plugins"),
    MCP_ALLOW_PRIVATE_ORIGINS: "loopback",
    ...env,
  });
  const stored = await fetch(new URL("/api/auth/credentials", server.url), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${server.adminToken}`,
    },
    body: JSON.stringify({ plugin: "gh", name: "personal_token", value: PERSONAL }),
  });
  expect(stored.status).toBe(204);
  return {
    service,
    ask: async (method: string, params: Record<string, unknown>) => {
      const authorization = `Bearer ${server.clientKey}`;
      const { headers, ...init } = modernRequest(method, params);
      const response = await fetch(new URL("/mcp", server.url), {
        ...init,
        headers: { ...headers, authorization },
      });
      // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
      return ((await response.json()) as { result: any }).result;
    },
  };
}

describe.each(["in-process", "worker"] as const)("the GitHub plugin %s", (host) => {
  it("reaches GitHub by the server's own way out", async () => {
    const { service, ask } = await serve(host);
    service.reply(REPOSITORY, conditional(repository()));
    for (const known of [false, true]) {
      const call = { name: "gh_get_repository", arguments: SITE };
      const { structuredContent } = await ask("tools/call", call);
      expect(structuredContent.fullName).toBe("acme/site");
      const { headers } = service.requests.at(-1)!;
      expect(headers["if-none-match"] !== undefined).toBe(known);
      expect(headers.authorization).toBe(`Bearer ${PERSONAL}`);
    }
    const bytes = new Uint8Array([0, 255, 1]);
    service.reply("GET /repos/acme/site/contents/a.bin", { body: file("a.bin", bytes) });
    const uri = "github://gh/repos/acme/site/contents/a.bin";
    const { contents } = await ask("resources/read", { uri });
    expect(contents).toEqual([{ uri, mimeType: "application/octet-stream", blob: "AP8B" }]);
  });

  it("reaches nothing that the operator has not opened", async () => {
    const { service, ask } = await serve(host, { MCP_ALLOW_PRIVATE_ORIGINS: "" });
    const result = await ask("tools/call", { name: "gh_get_repository", arguments: SITE });
    expect(result.isError).toBe(true);
    expect(service.requests).toEqual([]);
  });
});
