import { describe, expect, it } from "vitest";
import type { Harness } from "./harness.ts";

export function servicesContract({ withRunning }: Harness): void {
  describe("services", () => {
    it("reads and writes the plugin's credentials; absent is null", () =>
      withRunning(async ({ callTool, credentials }) => {
        expect(await callTool("credentials")).toEqual({ before: null, after: "secret-1" });
        expect(Object.fromEntries(credentials)).toEqual({ apiKey: "secret-1" });
      }));

    it("answers for the connected account", () => {
      const info = { accessToken: "t", expiresAt: 5, scope: "s", tokenType: "Bearer" };
      return withRunning(
        async ({ callTool }) => {
          expect(await callTool("account")).toEqual({
            token: "t",
            authenticated: true,
            info,
            reauth: "https://example.org/connect",
          });
        },
        {
          services: {
            getAccessToken: async () => "t",
            isAuthenticated: async () => true,
            getTokenInfo: async () => info,
            requireReauth: async () => "https://example.org/connect",
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
