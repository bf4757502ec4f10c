import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createNodeCarrier,
  createNodeOutbound,
  type ResolveAll,
} from "../../../adapters/node/outbound.ts";
import { createWorkerHost } from "../../../adapters/node/worker-host/worker-host.ts";
import { createPluginFetch } from "../../../src/core/outbound/plugin-fetch.ts";
import { createInProcessHost, createOutboundGuard, PUBLIC_ONLY } from "../../../src/index.ts";
import type { Outbound } from "../../../src/types/outbound.ts";
import { createCaller, createServices } from "../../contract/plugin-host/harness.ts";
import { forbiddenUrls } from "../../core/outbound/corpus.ts";
import {
  createResolver,
  openCanary,
  openOutbound,
  refusalOf,
  type Refusal,
} from "../../helpers/outbound-network.ts";

const REFUSED = "OUTBOUND_REFUSED";

/** What a way out answers to an address that it must not go to. */
type Way = (url: string) => Promise<Refusal | "answered">;

const { canary, close } = await openCanary();
afterAll(close);
const FORBIDDEN = forbiddenUrls(canary.port);
const POLICY = { ports: new Set([443, 8443, canary.port]) };

/** A plugin's `context.fetch`, wherever the plugin runs. */
async function viaPlugin(kind: "in-process" | "worker", outbound: Outbound) {
  const host =
    kind === "worker"
      ? createWorkerHost()
      : createInProcessHost({ importModule: (entry) => import(entry) });
  const entry = new URL("../../fixtures/plugins/contract/index.js", import.meta.url).href;
  const { services } = createServices({ fetch: createPluginFetch(outbound) });
  const plugin = await host.load({ instanceId: "one", entry }, services);
  await plugin.initialize({});
  await plugin.start();
  const { callTool } = createCaller(plugin);
  const way: Way = async (url) => {
    const answer = (await callTool("fetch", { url })) as Partial<Refusal> & { status?: number };
    return answer.status === undefined ? (answer as Refusal) : "answered";
  };
  return { way, close: () => plugin.cleanup() };
}

describe("the list of forbidden addresses", () => {
  it("has at least 56 forms, each once", () => {
    expect(FORBIDDEN.length).toBeGreaterThanOrEqual(56);
    expect(new Set(FORBIDDEN.map(({ url }) => url)).size).toBe(FORBIDDEN.length);
  });

  it.each(FORBIDDEN.filter(({ isHere }) => isHere))(
    "would lead here without rules: $url",
    async ({ url }) => {
      const before = canary.hits;
      expect(await (await fetch(url.replace("https:", "http:"))).text()).toBe("here");
      expect(canary.hits).toBe(before + 1);
    },
  );
});

const WAYS: readonly [string, (outbound: Outbound) => Promise<{ way: Way; close(): unknown }>][] = [
  [
    "the server itself",
    async (outbound) => ({ way: (url) => refusalOf(outbound.fetch({ url })), close() {} }),
  ],
  ["a plugin in-process", (outbound) => viaPlugin("in-process", outbound)],
  ["a plugin in a thread", (outbound) => viaPlugin("worker", outbound)],
];

describe.each(WAYS)("no forbidden address is reached by %s", (_name, openWay) => {
  let outbound: ReturnType<typeof createNodeOutbound>;
  let opened: Awaited<ReturnType<typeof openWay>>;
  beforeAll(async () => {
    const { resolve } = createResolver();
    outbound = createNodeOutbound({ ...PUBLIC_ONLY, ...POLICY }, { resolve });
    opened = await openWay(outbound);
  });
  afterAll(async () => {
    await opened.close();
    await outbound.close();
  });

  it.each(FORBIDDEN)("$url", async ({ url, rule }) => {
    const before = canary.hits;
    expect(await opened.way(url)).toMatchObject({
      code: REFUSED,
      message: expect.stringContaining(`(rule: ${rule})`) as string,
    });
    expect(canary.hits).toBe(before);
  });

  it("but this machine is, when the operator says so", async () => {
    const { hits } = canary;
    const here = createNodeOutbound({ ...PUBLIC_ONLY, allowLoopback: true });
    const allowed = await openWay(here);
    try {
      expect(await allowed.way(`http://127.0.0.1:${canary.port}/`)).toBe("answered");
    } finally {
      await allowed.close();
      await here.close();
    }
    expect(canary.hits).toBe(hits + 1);
  });
});

describe("no forbidden address is reached by a redirect", () => {
  /** A header holds visible ASCII, and what is no address of its own is one below the redirecting server. */
  const targets = FORBIDDEN.filter(({ url, rule }) => rule !== "url" && /^[!-~]+$/.test(url));
  let base = "";
  let outbound: ReturnType<typeof createNodeOutbound>;
  const server = createHttpServer((request, response) => {
    const target = targets[Number(request.url!.slice(1))]!;
    response.writeHead(302, { location: target.url }).end();
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // Even where it comes from an origin that the operator has opened.
    const policy = { ...PUBLIC_ONLY, ...POLICY, privateOrigins: new Set([base]) };
    outbound = createNodeOutbound(policy, createResolver());
  });
  afterAll(async () => {
    await outbound.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(targets.map((target, at) => ({ ...target, at })))("$url", async ({ at, rule }) => {
    const before = canary.hits;
    const url = `${base}/${at}`;
    expect(await refusalOf(outbound.fetch({ url, redirect: "follow" }))).toMatchObject({
      code: REFUSED,
      message: expect.stringContaining(`(rule: ${rule})`) as string,
    });
    expect(canary.hits).toBe(before);
  });
});

describe("a connection", () => {
  it.each(FORBIDDEN.filter(({ isHere }) => isHere))(
    "is not made to an address that nobody has looked at before: $url",
    async ({ url }) => {
      const guard = createOutboundGuard(PUBLIC_ONLY);
      const { carry, close: end } = createNodeCarrier(guard, createResolver().resolve);
      const { signal } = new AbortController();
      const { hits } = canary;
      const carried = carry({
        url: new URL(url.replace("https:", "http:")),
        method: "GET",
        headers: new Headers(),
        body: null,
        signal,
      });
      await expect(carried).rejects.toMatchObject({ cause: { code: REFUSED } });
      await end();
      expect(canary.hits).toBe(hits);
    },
  );
});

describe("names", () => {
  const url = () => `https://flip.example.org:${canary.port}/`;

  it("are resolved once for each connection, so that a second answer is nobody's", async () => {
    const asked: string[] = [];
    // What a rebinding server does: harmless when it is checked, this machine when it is used.
    const answers = ["2d00::1", "127.0.0.1"];
    const resolve: ResolveAll = (hostname, _options, callback) => {
      asked.push(hostname);
      callback(null, [{ address: answers[(asked.length - 1) % 2]!, family: 0 }]);
    };
    const outbound = openOutbound(POLICY, { asked, resolve });
    const { hits } = canary;
    expect(await refusalOf(outbound.fetch({ url: url(), timeoutMs: 500 }))).toMatchObject({
      code: "OUTBOUND_FAILED",
    });
    expect(asked).toHaveLength(1);
    expect(await refusalOf(outbound.fetch({ url: url() }))).toMatchObject({ code: REFUSED });
    expect(asked).toHaveLength(2);
    expect(canary.hits).toBe(hits);
  });

  it("lead where the operator has opened their origin, and nowhere else", async () => {
    const names = createResolver({
      "git.example.org": ["127.0.0.1"],
      "other.example.org": ["127.0.0.1"],
      "metadata.example.org": ["169.254.169.254"],
    });
    const origin = (name: string) => `https://${name}.example.org:${canary.port}`;
    const outbound = openOutbound(
      { ...POLICY, privateOrigins: new Set([origin("git"), origin("metadata")]) },
      names,
    );
    const { hits } = canary;
    // It answers without TLS.
    expect(await refusalOf(outbound.fetch({ url: origin("git") }))).toMatchObject({
      code: "OUTBOUND_FAILED",
    });
    expect(canary.hits).toBe(hits + 1);
    for (const name of ["other", "metadata"]) {
      expect(await refusalOf(outbound.fetch({ url: origin(name) }))).toMatchObject({
        code: REFUSED,
      });
    }
    expect(canary.hits).toBe(hits + 1);
  });

  it("that are not there are told by their code, without an address", async () => {
    const refusal = await refusalOf(
      openOutbound().fetch({ url: "https://gone.example.org/secret?k=v" }),
    );
    expect(refusal).toMatchObject({
      code: "OUTBOUND_FAILED",
      message: '"gone.example.org" cannot be reached (ENOTFOUND).',
    });
  });
});
