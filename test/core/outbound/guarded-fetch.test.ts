import { describe, expect, it } from "vitest";
import { createOutboundGuard } from "../../../src/core/outbound/guard.ts";
import { createGuardedFetch } from "../../../src/core/outbound/guarded-fetch.ts";
import { createPluginFetch } from "../../../src/core/outbound/plugin-fetch.ts";
import { PUBLIC_ONLY, type OutboundPolicy } from "../../../src/core/outbound/policy.ts";
import type { OutboundHop, OutboundRequest } from "../../../src/types/outbound.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";

const START = "https://api.example.org/start";

/** A network in which every address answers by the list; what has none is the end. */
function open(answers: Readonly<Record<string, () => Response>> = {}, policy?: OutboundPolicy) {
  const hops: OutboundHop[] = [];
  const time = createFakeTime();
  const outbound = createGuardedFetch({
    guard: createOutboundGuard(policy ?? PUBLIC_ONLY),
    time,
    async carry(hop) {
      hops.push(hop);
      return (answers[hop.url.href] ?? (() => new Response("the end")))();
    },
  });
  return { hops, time, ...outbound };
}

const redirect =
  (location: string, status = 302) =>
  () =>
    new Response("elsewhere", { status, headers: { location } });

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "answered",
    (error: unknown) => {
      const { code, message } = error as { code?: string; message: string };
      return `${code} ${/\(rule: (\w+)\)/.exec(message)?.[1] ?? ""}`.trim();
    },
  );
}

describe("a request", () => {
  it("goes as it was asked for, without its fragment, and answers whole", async () => {
    const { hops, ...outbound } = open({
      "https://api.example.org/a?b": () =>
        new Response("said", { status: 201, headers: { "x-a": "1" } }),
    });
    const answer = await outbound.fetch({
      url: "https://api.example.org/a?b#c",
      method: "post",
      headers: { "X-B": "2" },
      body: "sent",
    });
    expect({ ...answer, body: new TextDecoder().decode(answer.body) }).toMatchObject({
      status: 201,
      body: "said",
      url: "https://api.example.org/a?b",
    });
    expect(answer.headers.get("x-a")).toBe("1");
    const [hop] = hops;
    expect([hop!.url.href, hop!.method, [...hop!.headers]]).toEqual([
      "https://api.example.org/a?b",
      "POST",
      [["x-b", "2"]],
    ]);
    expect(new TextDecoder().decode(hop!.body!)).toBe("sent");
  });

  it.each<[string, Partial<OutboundRequest>, string]>([
    ["CONNECT", { method: "CONNECT" }, "method"],
    ["TRACE", { method: "TRACE" }, "method"],
    ["a method that is none", { method: "GET / HTTP/1.1\r\nHost: a" }, "method"],
    ["a number as method", { method: 1 as unknown as string }, "method"],
    ["a Host header", { headers: { Host: "internal" } }, "header"],
    ["Content-Length", { headers: { "content-length": "1" } }, "header"],
    ["Transfer-Encoding", { headers: { "transfer-encoding": "chunked" } }, "header"],
    ["Connection", { headers: { connection: "upgrade" } }, "header"],
    ["Proxy-Authorization", { headers: { "proxy-authorization": "x" } }, "header"],
    ["X-Forwarded-For", { headers: { "x-forwarded-for": "127.0.0.1" } }, "header"],
    ["a line end in a header", { headers: { "x-a": "1\r\nhost: b" } }, "header"],
    ["a name that is none", { headers: { "x a": "1" } }, "header"],
    ["too many headers", { headers: { "x-a": "a".repeat(40_000) } }, "header"],
    ["a body with GET", { body: "a" }, "body"],
    ["a body that is none", { method: "POST", body: {} as unknown as string }, "body"],
    ["more than 5 MiB", { method: "POST", body: new Uint8Array(5 * 1024 * 1024 + 1) }, "body"],
    ["more than 5 MiB in UTF-8", { method: "POST", body: "é".repeat(3_000_000) }, "body"],
    ["no time", { timeoutMs: 0 }, "limit"],
    ["all the time", { timeoutMs: Infinity }, "limit"],
    ["eleven minutes", { timeoutMs: 660_000 }, "limit"],
    ["a size that is none", { maxBytes: Number.NaN }, "limit"],
    ["more than 16 MiB", { maxBytes: 16 * 1024 * 1024 + 1 }, "limit"],
  ])("is not sent with %s", async (_what, parts, rule) => {
    const { hops, ...outbound } = open();
    expect(await codeOf(outbound.fetch({ url: START, ...parts }))).toBe(`OUTBOUND_REFUSED ${rule}`);
    expect(hops).toEqual([]);
  });

  it("is refused without a word of what was in it", async () => {
    const url = "https://10.0.0.1/path-secret?key=query-secret#fragment-secret";
    const headers = { "x-a": "header-secret\r\nx-b: 1" };
    for (const asked of [
      { url },
      { url: START, headers },
      { url: "https://u:pw-secret@a.example" },
    ]) {
      const error = await open()
        .fetch(asked)
        .catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: "OUTBOUND_REFUSED" });
      expect(JSON.stringify([(error as Error).message, (error as Error).cause])).not.toContain(
        "secret",
      );
    }
  });

  it.each([
    ["exactly as long as allowed", 10, "answered"],
    ["one byte longer", 9, "OUTBOUND_TOO_LARGE"],
  ])("takes a body that is %s: %s", async (_what, maxBytes, end) => {
    const outbound = open({ [START]: () => new Response("0123456789") });
    expect(await codeOf(outbound.fetch({ url: START, maxBytes }))).toBe(end);
  });

  it("has ten seconds when nothing is said, and its signal aborts with the time", async () => {
    const time = createFakeTime();
    const signals: AbortSignal[] = [];
    const outbound = createGuardedFetch({
      guard: createOutboundGuard(PUBLIC_ONLY),
      time,
      carry: ({ signal }) => (signals.push(signal), new Promise<Response>(() => {})),
    });
    const asked = codeOf(outbound.fetch({ url: START }));
    await time.advance(9_999);
    expect(signals[0]!.aborted).toBe(false);
    await time.advance(1);
    expect(await asked).toBe("OUTBOUND_FAILED");
    expect(signals[0]!.aborted).toBe(true);
    expect(time.pending()).toBe(0);
  });

  it("leaves no timer and no listener behind", async () => {
    const { time, ...outbound } = open();
    await outbound.fetch({ url: START, signal: new AbortController().signal });
    expect(time.pending()).toBe(0);
  });

  it("is not sent when its signal has aborted already", async () => {
    const { hops, ...outbound } = open();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(outbound.fetch({ url: START, signal })).rejects.toThrow("too late");
    expect(hops).toEqual([]);
  });
});

describe("a redirect", () => {
  it.each(["refuse", undefined] as const)("goes no further when it says %j", async (mode) => {
    const { hops, ...outbound } = open({ [START]: redirect("https://b.example.org/") });
    const request = { url: START, ...(mode && { redirect: mode }) };
    expect(await outbound.fetch(request)).toMatchObject({ status: 302, url: START });
    expect(hops).toHaveLength(1);
  });

  it("is followed three times, relative ones too, and not a fourth time", async () => {
    const chain = {
      [START]: redirect("/1"),
      "https://api.example.org/1": redirect("2", 307),
      "https://api.example.org/2": redirect("//b.example.org/3", 308),
    };
    const { url } = await open(chain).fetch({ url: START, redirect: "follow" });
    expect(url).toBe("https://b.example.org/3");
    const longer = { ...chain, "https://b.example.org/3": redirect("/4") };
    const { hops, ...outbound } = open(longer);
    expect(await codeOf(outbound.fetch({ url: START, redirect: "follow" }))).toBe(
      "OUTBOUND_FAILED",
    );
    expect(hops).toHaveLength(4);
  });

  it.each([300, 304, 305, 306])("is none with status %i", async (status) => {
    const answer = () => new Response(null, { status, headers: { location: "/1" } });
    const { hops, ...outbound } = open({ [START]: answer });
    expect(await outbound.fetch({ url: START, redirect: "follow" })).toMatchObject({ status });
    expect(hops).toHaveLength(1);
  });

  it.each([
    ["http://b.example.org/", "scheme"],
    ["https://10.0.0.1/", "address"],
    ["https://localhost/", "name"],
    ["https://user@b.example.org/", "userinfo"],
    ["https://b.example.org:22/", "port"],
    ["https://[", "url"],
  ])("to %s is refused", async (location, rule) => {
    const { hops, ...outbound } = open({ [START]: redirect(location) });
    expect(await codeOf(outbound.fetch({ url: START, redirect: "follow" }))).toBe(
      `OUTBOUND_REFUSED ${rule}`,
    );
    expect(hops).toHaveLength(1);
  });

  it("leads from the internet into no origin that is opened, and from one such to another", async () => {
    const policy = {
      ...PUBLIC_ONLY,
      privateOrigins: new Set(["https://git.lan", "https://files.lan"]),
    };
    const answers = {
      [START]: redirect("https://git.lan/"),
      "https://git.lan/": redirect("https://files.lan/"),
      "https://files.lan/": redirect("https://b.example.org/"),
    };
    const follow = (url: string) => open(answers, policy).fetch({ url, redirect: "follow" });
    expect(await codeOf(follow(START))).toBe("OUTBOUND_REFUSED redirect");
    expect(await follow("https://git.lan/")).toMatchObject({ url: "https://b.example.org/" });
  });

  it("takes no credentials to another origin, by whatever name they go", async () => {
    const headers = {
      authorization: "Bearer secret",
      cookie: "a=secret",
      "private-token": "secret",
      "x-api-key": "secret",
      accept: "text/plain",
      "user-agent": "test",
    };
    const others = [
      "https://b.example.org/",
      "https://api.example.org:8443/",
      "https://sub.api.example.org/",
    ];
    for (const other of others) {
      const { hops, ...outbound } = open({ [START]: redirect(other) });
      await outbound.fetch({ url: START, headers, redirect: "follow" });
      expect([...hops[1]!.headers]).toEqual([
        ["accept", "text/plain"],
        ["user-agent", "test"],
      ]);
    }
    const { hops, ...outbound } = open({ [START]: redirect("/1") });
    await outbound.fetch({ url: START, headers, redirect: "follow" });
    expect(Object.fromEntries(hops[1]!.headers)).toEqual(headers);
  });

  it("brings none of them back from there", async () => {
    const { hops, ...outbound } = open({
      [START]: redirect("https://b.example.org/"),
      "https://b.example.org/": redirect("https://api.example.org/back"),
    });
    const headers = { authorization: "Bearer secret" };
    await outbound.fetch({ url: START, headers, redirect: "follow" });
    expect([...hops[2]!.headers]).toEqual([]);
  });

  it.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [301, "PUT", "PUT"],
    [307, "POST", "POST"],
    [308, "DELETE", "DELETE"],
  ])("with status %i makes of %s %s", async (status, method, after) => {
    const { hops, ...outbound } = open({ [START]: redirect("/1", status) });
    const sends = method !== "HEAD";
    const headers = { "content-type": "text/plain", "x-a": "1" };
    const request = { url: START, method, headers, ...(sends && { body: "sent" }) };
    await outbound.fetch({ ...request, redirect: "follow" });
    const { method: next, body, headers: left } = hops[1]!;
    expect(next).toBe(after);
    const keepsBody = sends && after !== "GET";
    expect(body === null).toBe(!keepsBody);
    expect(left.has("content-type")).toBe(keepsBody);
    expect(left.get("x-a")).toBe("1");
  });

  it.each([307, 308])("with status %i takes a body to no other origin", async (status) => {
    const { hops, ...outbound } = open({ [START]: redirect("https://b.example.org/", status) });
    const request = { url: START, method: "POST", body: "grant", redirect: "follow" } as const;
    expect(await codeOf(outbound.fetch(request))).toBe("OUTBOUND_FAILED");
    expect(hops).toHaveLength(1);
  });
});

describe("a plugin's fetch", () => {
  it.each([
    [200, "the body"],
    [204, ""],
    [304, ""],
    [404, "the body"],
  ])("is a Response of status %i that knows its address", async (status, text) => {
    const answer = () =>
      new Response(text === "" ? null : text, { status, headers: { etag: "x" } });
    const fetch = createPluginFetch(open({ [START]: answer }));
    const response = await fetch(new URL(START));
    expect([response.status, response.ok, response.url]).toEqual([status, status < 300, START]);
    expect([await response.text(), response.headers.get("etag")]).toEqual([text, "x"]);
  });

  it("has a hundred requests under way, and no more", async () => {
    const waiting = Promise.withResolvers<void>();
    const fetch = createPluginFetch({
      async fetch({ url }) {
        await waiting.promise;
        return { status: 200, headers: new Headers(), body: new Uint8Array(), url };
      },
    });
    const first = Array.from({ length: 100 }, () => fetch(START));
    await expect(fetch(START)).rejects.toMatchObject({ code: "OUTBOUND_FAILED" });
    waiting.resolve();
    await Promise.all(first);
    expect((await fetch(START)).status).toBe(200);
  });
});
