import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/errors.ts";
import type { FetchInit } from "../../../src/types/plugin.ts";
import { toFetchResponse } from "../../../src/util/fetch-response.ts";
import type { Harness } from "./harness.ts";

const URL_ASKED = "https://api.example.org/things?q=1";

/** What the server answers, and what it was asked. */
function server(answer: Partial<Parameters<typeof toFetchResponse>[0]> = {}) {
  const asked: { url: string; init: FetchInit | undefined }[] = [];
  const fetch = async (url: string | URL, init?: FetchInit) => {
    asked.push({ url: String(url), init });
    return toFetchResponse({
      status: 200,
      headers: new Headers(),
      body: new Uint8Array(),
      url: String(url),
      ...answer,
    });
  };
  return { asked, services: { fetch } };
}

export function fetchContract({ withRunning }: Harness): void {
  describe("fetch", () => {
    it("asks as the plugin says, and hands it the answer with its bytes", () => {
      const bytes = [0, 255, 128, 10, 65];
      const { asked, services } = server({
        status: 207,
        headers: new Headers({ "x-a": "1" }),
        body: Uint8Array.from(bytes),
        url: "https://elsewhere.example.org/",
      });
      return withRunning(
        async ({ callTool }) => {
          const init = {
            method: "PUT",
            headers: { accept: "text/plain" },
            timeoutMs: 5,
            maxBytes: 6,
            redirect: "follow",
          };
          expect(await callTool("fetch", { url: URL_ASKED, init, bytes })).toEqual({
            status: 207,
            headers: [["x-a", "1"]],
            url: "https://elsewhere.example.org/",
            bytes,
          });
          expect(asked).toMatchObject([{ url: URL_ASKED, init }]);
          expect([...(asked[0]!.init!.body as Uint8Array)]).toEqual(bytes);
        },
        { services },
      );
    });

    it("says nothing of what the plugin leaves out, and keeps a body that is empty", () => {
      const { asked, services } = server();
      return withRunning(
        async ({ callTool }) => {
          await callTool("fetch", { url: URL_ASKED });
          await callTool("fetch", { url: URL_ASKED, init: { method: "POST", body: "" } });
          expect(asked[0]!.init).not.toHaveProperty("body");
          expect(asked[0]!.init).not.toHaveProperty("timeoutMs");
          expect(asked[1]!.init!.body).toHaveLength(0);
        },
        { services },
      );
    });

    it.each([204, 304, 500])("hands over status %i", (status) =>
      withRunning(
        async ({ callTool }) => {
          expect(await callTool("fetch", { url: URL_ASKED })).toMatchObject({ status, bytes: [] });
        },
        { services: server({ status }).services },
      ),
    );

    it("carries 16 MiB in an answer and 5 MiB in a request", () => {
      const { asked, services } = server({ body: new Uint8Array(16 * 1024 * 1024).fill(7) });
      return withRunning(
        async ({ callTool }) => {
          const init = { method: "POST", body: "x".repeat(5 * 1024 * 1024) };
          const answer = await callTool("fetch", { url: URL_ASKED, init, countOnly: true });
          expect(answer).toEqual({ status: 200, length: 16 * 1024 * 1024 });
          expect(asked[0]!.init!.body).toHaveLength(5 * 1024 * 1024);
        },
        { services },
      );
    });

    it.each(["OUTBOUND_REFUSED", "OUTBOUND_FAILED", "OUTBOUND_TOO_LARGE"] as const)(
      "rejects with %s as the server does",
      (code) =>
        withRunning(
          async ({ callTool }) => {
            expect(await callTool("fetch", { url: URL_ASKED })).toEqual({
              name: "AppError",
              code,
              message: "said so",
            });
          },
          {
            services: {
              fetch: async () => {
                throw new AppError(code, "said so");
              },
            },
          },
        ),
    );

    it("ends at once when the plugin's signal aborts, on both sides", () => {
      const ended = Promise.withResolvers<boolean>();
      return withRunning(
        async ({ callTool }) => {
          expect(await callTool("fetch", { url: URL_ASKED, abortAfter: 20 })).toMatchObject({
            message: "not any more",
          });
          expect(await ended.promise).toBe(true);
        },
        {
          services: {
            fetch: (_url, init) =>
              new Promise((_resolve, reject) => {
                const { signal } = init!;
                signal!.addEventListener("abort", () => {
                  ended.resolve(true);
                  reject(signal!.reason as Error);
                });
              }),
          },
        },
      );
    });
  });
}
