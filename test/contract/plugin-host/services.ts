import { describe, expect, it } from "vitest";
import { assertCredentialName } from "../../../src/util/credential-names.ts";
import type { Harness } from "./harness.ts";

export function servicesContract({ withRunning }: Harness): void {
  describe("services", () => {
    it("reads and writes the plugin's credentials; absent is null", () =>
      withRunning(async ({ callTool, credentials }) => {
        expect(await callTool("credentials")).toEqual({ before: null, after: "secret-1" });
        expect(Object.fromEntries(credentials)).toEqual({ apiKey: "secret-1" });
      }));

    it.each([["$key"], ["../other/key"], [["apiKey"]], [null], [7]])(
      "refuses %j as a credential's name",
      (key) =>
        withRunning(
          async ({ callTool }) => {
            expect(await callTool("brokenCredential", { key })).toEqual({
              name: "AppError",
              code: "CREDENTIAL_INVALID",
            });
          },
          {
            services: {
              async getCredential(name) {
                assertCredentialName(name);
                return null;
              },
            },
          },
        ),
    );

    it("has a token signed as the plugin asks for it", () =>
      withRunning(async ({ callTool }) => {
        const request = { claims: { iss: "a", deep: [1, { n: null }] }, algorithm: "ES256" };
        expect(await callTool("sign", { request })).toEqual({
          token: `signed ${JSON.stringify(request)}`,
        });
      }));

    it("answers for the connected account", () => {
      const info = { accessToken: "t", expiresAt: 5, scope: "s", tokenType: "Bearer" };
      return withRunning(
        async ({ callTool }) => {
          expect(await callTool("account")).toEqual({
            token: "t",
            authenticated: true,
            info,
            reauth: "https://example.org/connect?undefined",
            reauthOf: "https://example.org/connect?t",
          });
        },
        {
          services: {
            getAccessToken: async () => "t",
            isAuthenticated: async () => true,
            getTokenInfo: async () => info,
            requireReauth: async (refused) => `https://example.org/connect?${refused}`,
          },
        },
      );
    });

    it("rejects with an Error where the server refuses", () =>
      withRunning(async ({ callTool }) => {
        expect(await callTool("brokenAccount")).toEqual({
          name: true,
          message: "No account is connected.",
        });
      }));

    it.each(["debug", "info", "warn", "error"])("logs at level %s", (level) =>
      withRunning(async ({ callTool, logs }) => {
        await callTool("log", { level });
        expect(logs.slice(-2)).toEqual([
          { level, message: "told", fields: { level } },
          { level: "info", message: "bound", fields: { part: "a", more: 1 } },
        ]);
      }),
    );

    it("hears which list and which resource have changed", () =>
      withRunning(async ({ callTool, notices }) => {
        await callTool("change");
        expect(notices).toEqual(["tools", "prompts", "contract://note"]);
      }));
  });
}
