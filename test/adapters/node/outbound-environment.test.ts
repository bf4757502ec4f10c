import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer, type AddressInfo, type Server } from "node:net";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { serve } from "../../helpers/outbound-network.ts";

/** Asks in a process of its own, whose environment is settled before it begins. */
async function askInChild(
  environment: Record<string, string>,
  code: string,
): Promise<Record<string, unknown>> {
  const module = new URL("../../../adapters/node/outbound.ts", import.meta.url).href;
  const script = `
    const { createNodeOutbound } = await import(${JSON.stringify(module)});
    const { PUBLIC_ONLY } = await import(${JSON.stringify(new URL("../../../src/index.ts", import.meta.url).href)});
    const outbound = createNodeOutbound({ ...PUBLIC_ONLY, allowLoopback: true });
    const tell = (asked) => asked.then(({ status }) => status, (error) => error.code ?? error.cause?.code);
    console.log(JSON.stringify(await (async () => { ${code} })()));
    await outbound.close();
  `;
  const child = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, ...environment },
  });
  return JSON.parse((await child).stdout) as Record<string, unknown>;
}

describe("the environment", () => {
  it("leads through no proxy", async () => {
    let proxied = 0;
    const server = createServer((socket) => {
      proxied += 1;
      socket.destroy();
    });
    const proxy = await listen(server);
    const base = await serve((_request, response) => void response.writeHead(418).end());
    const environment = {
      NODE_USE_ENV_PROXY: "1",
      http_proxy: `http://127.0.0.1:${proxy}`,
      HTTP_PROXY: `http://127.0.0.1:${proxy}`,
      HTTPS_PROXY: `http://127.0.0.1:${proxy}`,
      all_proxy: `http://127.0.0.1:${proxy}`,
      NO_PROXY: "",
      no_proxy: "",
    };
    const ask = (fetch: string) =>
      askInChild(environment, `return { answer: await tell(${fetch}) };`);
    expect(await ask(`outbound.fetch({ url: "${base}" })`)).toEqual({ answer: 418 });
    expect(proxied).toBe(0);
    // The usual fetch is led there: the proxy is one, and ours has changed nothing for others.
    await ask(`fetch("${base}")`);
    expect(proxied).toBeGreaterThan(0);
  });

  it("does away with no check of certificates", async () => {
    const server = createTlsServer(
      { cert: pem("cert"), key: pem("key") },
      (_request, response) => void response.end(),
    );
    const url = `https://127.0.0.1:${await listen(server)}/`;
    const answers = await askInChild(
      { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
      `return {
        ours: await tell(outbound.fetch({ url: "${url}" })),
        usual: await tell(fetch("${url}")),
      };`,
    );
    expect(answers).toEqual({ ours: "OUTBOUND_FAILED", usual: 200 });
  });
});

function pem(name: "cert" | "key"): Buffer {
  return readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
}

/** Answers the port. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}
