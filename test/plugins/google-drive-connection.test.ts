import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { driveError, rpcError, storedFile } from "./google-drive-answers.ts";
import { CONNECT, FILES, openGoogleDrive, TOKEN } from "./google-drive-host.ts";
import type { Reply } from "../helpers/loopback-service.ts";

const SOON = { "retry-after": "0" };
const FOUND: Reply = { body: { files: [storedFile({ id: "file-1" })] } };
const BUSY: Reply = { status: 503, headers: SOON, body: "oops" };
const REFUSED: Reply = { status: 401, body: driveError(401, "authError", "Invalid Credentials") };
const OLD = "ya29.old";

const bearers = (requests: readonly { headers: { authorization?: string | undefined } }[]) =>
  requests.map(({ headers }) => headers.authorization);

describe("a connection", () => {
  it("that is not there yet is left to the server to ask for", async () => {
    const error = new AppError("NOT_CONNECTED", "No account is connected.");
    const { call, service } = await openGoogleDrive({
      context: { getAccessToken: () => Promise.reject(error) },
    });
    await expect(call("search_files")).rejects.toBe(error);
    expect(service.requests).toEqual([]);
  });

  it.each<{ name: string; replies: readonly Reply[]; tokens: readonly string[] }>([
    { name: "at the first try", replies: [REFUSED, FOUND], tokens: [OLD, TOKEN] },
    {
      name: "while it waited for a busy Google",
      replies: [BUSY, REFUSED, FOUND],
      tokens: [OLD, OLD, TOKEN],
    },
    {
      name: "and which is busy then",
      replies: [REFUSED, BUSY, FOUND],
      tokens: [OLD, TOKEN, TOKEN],
    },
  ])("whose token was renewed $name goes on with the next", async ({ replies, tokens }) => {
    const left = [...tokens];
    const { call, service, host, reauths } = await openGoogleDrive({
      context: { getAccessToken: async () => left.shift()! },
    });
    service.reply(FILES, ...replies);
    const { structuredContent } = await call("search_files");
    expect(structuredContent.files).toHaveLength(1);
    expect(bearers(service.requests)).toEqual(tokens.map((token) => `Bearer ${token}`));
    expect(reauths()).toBe(0);
    expect(host.serverLog).toEqual([]);
  });

  it("is not tried with a third token when the second is refused, too", async () => {
    const tokens = [OLD, TOKEN, "ya29.third"];
    const { call, service, reauths } = await openGoogleDrive({
      context: { getAccessToken: async () => tokens.shift()! },
    });
    service.reply(FILES, REFUSED);
    await expect(call("search_files")).rejects.toMatchObject({
      name: "ToolError",
      message: `Google does not accept this connection any more. Connect the account again: ${CONNECT}`,
    });
    expect(bearers(service.requests)).toEqual([`Bearer ${OLD}`, `Bearer ${TOKEN}`]);
    expect(reauths()).toBe(1);
  });

  it("that Google has ended is told to the server, which then asks for another", async () => {
    const error = new AppError("NOT_CONNECTED", "Connect it again.");
    let asked = 0;
    const { call, account, service, reauths } = await openGoogleDrive({
      context: {
        getAccessToken: async () => {
          asked += 1;
          if (asked > 2) throw error;
          return TOKEN;
        },
      },
    });
    account.tokens.clear();
    await expect(call("search_files")).rejects.toBe(error);
    expect(reauths()).toBe(1);
    // With the same token Google would say the same again.
    expect(service.requests).toHaveLength(1);
  });

  it("that is refused and gives way to a renewed one goes on with that", async () => {
    const complaints: unknown[] = [];
    let current = OLD;
    const { call, service } = await openGoogleDrive({
      context: {
        getAccessToken: async () => current,
        async requireReauth(refused) {
          complaints.push(refused);
          current = TOKEN;
          return CONNECT;
        },
      },
    });
    const { structuredContent } = await call("search_files");
    expect(structuredContent.files).toEqual([]);
    expect(bearers(service.requests)).toEqual([`Bearer ${OLD}`, `Bearer ${TOKEN}`]);
    expect(complaints).toEqual([OLD]);
  });

  it("that Google has ended is made again at an address", async () => {
    const { call, account, service, host, reauths } = await openGoogleDrive();
    account.tokens.clear();
    await expect(call("search_files")).rejects.toMatchObject({
      name: "ToolError",
      message: `Google does not accept this connection any more. Connect the account again: ${CONNECT}`,
      data: { connect: CONNECT },
    });
    expect(bearers(service.requests)).toEqual([`Bearer ${TOKEN}`]);
    expect(reauths()).toBe(1);
    expect(host.serverLog).toMatchObject([{ level: "warn", fields: { reason: "status 401" } }]);
  });

  it("without leave to see files is made again", async () => {
    const { call, service, reauths } = await openGoogleDrive();
    service.reply(FILES, { status: 403, body: rpcError(403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT") });
    await expect(call("search_files")).rejects.toMatchObject({
      name: "ToolError",
      message: `The person who connected the account did not allow this server to see its files. Tick that box this time. Connect the account again: ${CONNECT}`,
    });
    expect(reauths()).toBe(1);
    expect(service.requests).toHaveLength(1);
  });
});
