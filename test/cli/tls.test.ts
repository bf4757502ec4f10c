import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSettings } from "../../adapters/node/settings.ts";
import { runHere, ROOT, startProcess, temporaryFolder } from "../helpers/server-process.ts";

/** For localhost, made for these tests and trusted by nobody. */
const TLS_CERT_FILE = join(ROOT, "test/fixtures/tls/cert.pem");
const TLS_KEY_FILE = join(ROOT, "test/fixtures/tls/key.pem");

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

function fetchStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { ca: readFileSync(TLS_CERT_FILE) }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once("error", reject);
  });
}

describe("TLS", () => {
  it("is a setting of two files that belong together", () => {
    expect(readSettings({ TLS_CERT_FILE, TLS_KEY_FILE }).tls).toEqual({
      certFile: TLS_CERT_FILE,
      keyFile: TLS_KEY_FILE,
    });
    expect(() => readSettings({ TLS_CERT_FILE, TLS_KEY_FILE: TLS_CERT_FILE })).toThrow(
      /^TLS_CERT_FILE and TLS_KEY_FILE cannot be used: /,
    );
  });

  it("makes the server's addresses https", async () => {
    const server = startProcess(["--json"], {
      cwd: folder.path,
      env: { TLS_CERT_FILE, TLS_KEY_FILE },
    });
    try {
      const { url, mcpUrl } = await server.banner();
      expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      expect(mcpUrl).toBe(`${url}/mcp`);
      expect(await fetchStatus(`${url}/healthz`)).toBe(200);
    } finally {
      await server.stop();
    }
  });

  it("is in the address that connect prints", async () => {
    const { stdout } = await runHere(["connect", "cursor"], { TLS_CERT_FILE, TLS_KEY_FILE });
    expect(stdout).toContain('"url": "https://127.0.0.1:3000/mcp"');
  });
});
