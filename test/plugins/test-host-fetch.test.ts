import { describe, expect, it, onTestFinished } from "vitest";
import { createTestHost, definePlugin, z, type TestHostOptions } from "../../src/plugins/index.ts";
import { openLoopbackService } from "../helpers/loopback-service.ts";

const fetcher = definePlugin({
  name: "fetcher",
  version: "1.0.0",
  description: "Fetches.",
  tools: {
    get: {
      description: "Fetches what it is told to.",
      input: z.object({ url: z.string(), timeoutMs: z.number().default(2_000) }),
      async handler({ url, timeoutMs }, { plugin, call }) {
        try {
          const { signal } = call;
          const response = await plugin.fetch(url, { signal, timeoutMs });
          return { status: response.status, text: await response.text() };
        } catch (error) {
          const { code, message } = error as { code?: string; message: string };
          return { code: code ?? null, message };
        }
      },
    },
  },
});

async function open(options?: Pick<TestHostOptions, "fetch">) {
  const service = await openLoopbackService();
  const host = await createTestHost(fetcher, options);
  onTestFinished(async () => {
    await host.close();
    await service.close();
  });
  return { service, host, get: (url: string, more = {}) => host.callTool("get", { url, ...more }) };
}

describe("context.fetch in a test host", () => {
  it("reaches a server on this machine", async () => {
    const { service, get } = await open();
    service.reply("GET /a", { body: { said: true } });
    expect(await get(`${service.baseUrl}/a`)).toEqual({ status: 200, text: '{"said":true}' });
  });

  it.each(["https://api.example.org/x", "http://10.0.0.1/", "https://localhost.example.org/"])(
    "refuses %s, and says what to do",
    async (url) => {
      const { get } = await open();
      expect(await get(url)).toEqual({
        code: "OUTBOUND_REFUSED",
        message: `A test host reaches this machine alone, not "${new URL(url).host}". Serve the test from 127.0.0.1, or give createTestHost a fetch.`,
      });
    },
  );

  it("refuses on this machine what the server would refuse everywhere", async () => {
    const { service, get } = await open();
    expect(await get(service.baseUrl.replace("//", "//user@"))).toMatchObject({
      code: "OUTBOUND_REFUSED",
    });
    expect(await get("no address")).toMatchObject({ code: "OUTBOUND_REFUSED" });
    expect(service.requests).toEqual([]);
  });

  it("does not follow redirects, and ends with the time", async () => {
    const { service, get } = await open();
    service.reply("GET /a", { status: 302, headers: { location: "/b" } });
    service.reply("GET /slow", () => {});
    expect(await get(`${service.baseUrl}/a`)).toMatchObject({ status: 302 });
    expect(await get(`${service.baseUrl}/slow`, { timeoutMs: 50 })).toMatchObject({
      code: "OUTBOUND_FAILED",
    });
  });

  it("is another one where the test brings one", async () => {
    const { get } = await open({
      fetch: async (url) => new Response(`from ${String(url)}`, { status: 418 }),
    });
    expect(await get("https://api.example.org/x")).toEqual({
      status: 418,
      text: "from https://api.example.org/x",
    });
  });
});
