import { setTimeout as sleep } from "node:timers/promises";
import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openOutbound, refusalOf, serve } from "../../helpers/outbound-network.ts";

describe("a server that answers badly", () => {
  const here = { allowLoopback: true };

  it.each([
    ["no headers", () => {}],
    ["headers, and no end of the body", (response) => response.writeHead(200).write("a")],
    [
      "a byte now and then",
      (response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write("a"), 20);
        response.on("close", () => clearInterval(drip));
      },
    ],
  ] satisfies [string, (response: Parameters<RequestListener>[1]) => unknown][])(
    "is left when the time is up: %s",
    async (_what, answer) => {
      const base = await serve((_request, response) => {
        answer(response);
      });
      const started = performance.now();
      expect(
        await refusalOf(openOutbound(here).fetch({ url: base, timeoutMs: 200 })),
      ).toMatchObject({
        code: "OUTBOUND_FAILED",
        message: `"${new URL(base).host}" did not answer in 200 ms.`,
      });
      expect(performance.now() - started).toBeLessThan(2_000);
    },
  );

  it.each([
    ["length", { "content-length": String(1024 ** 3) }],
    ["no length", {}],
  ])("is left when its body is longer than allowed, said with %s", async (_what, headers) => {
    const seen = { isGone: false, sent: 0 };
    const base = await serve((_request, response) => {
      response.writeHead(200, headers);
      response.on("close", () => (seen.isGone = true));
      const pour = () => {
        while (!seen.isGone && seen.sent < 200_000_000 && response.write(Buffer.alloc(65_536)))
          seen.sent += 65_536;
        if (!seen.isGone) response.once("drain", pour);
      };
      pour();
    });
    expect(
      await refusalOf(openOutbound(here).fetch({ url: base, maxBytes: 100_000 })),
    ).toMatchObject({
      code: "OUTBOUND_TOO_LARGE",
    });
    for (let tries = 0; !seen.isGone && tries < 100; tries += 1) await sleep(20);
    expect(seen.isGone).toBe(true);
    expect(seen.sent).toBeLessThan(50_000_000);
  });

  it("cannot hide a large body in a small one", async () => {
    const packed = gzipSync(Buffer.alloc(20_000_000));
    const base = await serve((_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
    });
    expect(packed.length).toBeLessThan(100_000);
    expect(
      await refusalOf(openOutbound(here).fetch({ url: base, maxBytes: 100_000 })),
    ).toMatchObject({
      code: "OUTBOUND_TOO_LARGE",
    });
  });

  it("is read when its packed body fits, without the headers that no longer hold", async () => {
    const base = await serve((_request, response) => {
      const body = gzipSync("unpacked");
      const headers = { "content-encoding": "gzip", "content-length": body.length, "x-a": "1" };
      response.writeHead(200, headers).end(body);
    });
    const { body, headers } = await openOutbound(here).fetch({ url: base, maxBytes: 8 });
    expect(new TextDecoder().decode(body)).toBe("unpacked");
    expect([headers.get("content-encoding"), headers.get("content-length")]).toEqual([null, null]);
    expect(headers.get("x-a")).toBe("1");
  });

  it("that sends in circles is left after three redirects", async () => {
    let asked = 0;
    const base = await serve((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: "/again" }).end();
    });
    expect(
      await refusalOf(openOutbound(here).fetch({ url: base, redirect: "follow" })),
    ).toMatchObject({
      code: "OUTBOUND_FAILED",
    });
    expect(asked).toBe(4);
  });

  it("is left, and its connection closed, when the signal aborts", async () => {
    const gone = Promise.withResolvers<string>();
    const base = await serve((_request, response) =>
      response.on("close", () => gone.resolve("gone")),
    );
    const controller = new AbortController();
    const asked = refusalOf(openOutbound(here).fetch({ url: base, signal: controller.signal }));
    await sleep(50);
    controller.abort(new Error("enough"));
    expect(await asked).toMatchObject({ message: "enough" });
    expect(await gone.promise).toBe("gone");
  });
});
