import { describe, expect, it } from "vitest";
import { sha256 } from "../../adapters/node/runtime.ts";
import { toKeyRecord } from "../../src/index.ts";
import {
  askForSocket,
  authorized,
  BEARER,
  keyProtocol,
  offering,
  openApp,
  refusedWith,
  type SocketParts,
} from "../helpers/socket-request.ts";
import { CLIENT_KEY, OTHER_CLIENT_KEY } from "../helpers/test-app.ts";

/** Of base64's alphabet, as `openssl rand -base64 32` makes keys: no subprotocol may have these characters. */
const BASE64_KEY = "q83vEjRWeJq83vEjRWeJq8+/EjRWeJq83vEjRWeJo==";

describe("a WebSocket is opened", () => {
  it.each<[how: string, parts: SocketParts, protocol: string | null]>([
    ["with a key in the header", { headers: { authorization: BEARER } }, null],
    ["with a key and mcp", { headers: { authorization: BEARER, ...offering("mcp") } }, "mcp"],
    [
      "with mcp among others",
      { headers: { authorization: BEARER, ...offering("x", "mcp", "y") } },
      "mcp",
    ],
    ["with a key as subprotocol", { headers: offering("mcp", keyProtocol(CLIENT_KEY)) }, "mcp"],
    ["with that key first", { headers: offering(keyProtocol(CLIENT_KEY), "mcp") }, "mcp"],
    ["with a key in base64", { headers: offering("mcp", keyProtocol(BASE64_KEY)) }, "mcp"],
    [
      "with one key both ways",
      {
        headers: {
          authorization: `bearer ${CLIENT_KEY}`,
          ...offering("mcp", keyProtocol(CLIENT_KEY)),
        },
      },
      "mcp",
    ],
    [
      "with a page of this machine",
      { headers: { authorization: BEARER, origin: "http://localhost:5173" } },
      null,
    ],
    ["with a query", { target: "/mcp?a=b", headers: { authorization: BEARER } }, null],
    ["with an empty body", { headers: { authorization: BEARER, "content-length": "0" } }, null],
  ])("%s", async (_how, parts, protocol) => {
    const record = { id: "client-3", name: "base64", kind: "client", scopes: ["mcp"] } as const;
    const app = await openApp({
      deps: {
        keys: [
          await toKeyRecord(CLIENT_KEY, { ...record, id: "client-1", createdAt: 0 }, sha256),
          await toKeyRecord(BASE64_KEY, { ...record, createdAt: 0 }, sha256),
        ],
      },
    });
    expect(await askForSocket(app, parts)).toMatchObject({ kind: "accepted", protocol });
  });

  it("without any key where none is needed", async () => {
    const config = {
      allowedHosts: ["localhost"],
      allowedOrigins: [],
      auth: "none",
      sse: false,
    } as const;
    const app = await openApp({ deps: { config } });
    expect(await askForSocket(app, {})).toMatchObject({ kind: "accepted", protocol: null });
    expect(await askForSocket(app, { headers: offering("mcp", "mcp.bearer.x") })).toMatchObject({
      kind: "accepted",
      protocol: "mcp",
    });
    const foreign = await askForSocket(app, { headers: { origin: "http://evil.example" } });
    expect(await refusedWith(foreign)).toEqual({ status: 403, code: "ORIGIN_REFUSED" });
  });
});

describe("the log", () => {
  it("has a line for each refusal, with what was answered, and no key in it", async () => {
    const app = await openApp();
    const wrong = "nobody-has-ever-made-this-key";
    const refused = await askForSocket(app, { headers: offering("mcp", keyProtocol(wrong)) });
    await askForSocket(app, { target: `/elsewhere?token=${CLIENT_KEY}` });
    await askForSocket(app, authorized({ "sec-websocket-key": "x" }));
    await askForSocket(app, { headers: offering("mcp", keyProtocol(CLIENT_KEY)) });
    const lines = app.logs.filter(({ message }) => message === "WebSocket refused");
    expect(lines.map(({ level, fields }) => [level, fields["status"], fields["code"]])).toEqual([
      ["info", 401, "UNAUTHENTICATED"],
      ["info", 404, "NOT_FOUND"],
      ["info", 400, null],
    ]);
    const body = refused.kind === "refused" ? await refused.response.json() : null;
    expect(body).toMatchObject({ requestId: lines[0]!.fields["requestId"] });
    expect(JSON.stringify(app.logs)).not.toMatch(new RegExp(`${wrong}|${CLIENT_KEY}`));
    expect(JSON.stringify(body)).not.toContain(wrong);
  });
});

const NO_CHANNEL = { send: async () => {}, close: () => {} };

describe("the sockets of one principal", () => {
  it("are 50 at most, and those of others do not count", async () => {
    const app = await openApp();
    const served = [];
    for (let count = 0; count < 50; count++) {
      const decision = await askForSocket(app, authorized());
      served.push(decision.kind === "accepted" ? decision.serve(NO_CHANNEL) : null);
    }
    expect(served).not.toContain(null);
    expect(await refusedWith(await askForSocket(app, authorized()))).toEqual({
      status: 429,
      code: "TOO_MANY_CONNECTIONS",
    });
    const other = await askForSocket(
      app,
      authorized({ authorization: `Bearer ${OTHER_CLIENT_KEY}` }),
    );
    expect(other.kind).toBe("accepted");

    served[0]!.closed();
    expect((await askForSocket(app, authorized())).kind).toBe("accepted");
  });

  it("are counted again when one opens: two may have been let in for one place", async () => {
    const app = await openApp();
    const decisions = await Promise.all(
      Array.from({ length: 51 }, () => askForSocket(app, authorized())),
    );
    const served = decisions.map((decision) =>
      decision.kind === "accepted" ? decision.serve(NO_CHANNEL) : "refused",
    );
    expect(served.filter((channel) => channel === null)).toHaveLength(1);
    expect(served.at(-1)).toBeNull();
  });

  it("are none any more once the server has closed", async () => {
    const app = await openApp();
    const before = await askForSocket(app, authorized());
    await app.close();
    expect(before.kind === "accepted" && before.serve(NO_CHANNEL)).toBeNull();
    expect(await refusedWith(await askForSocket(app, authorized()))).toEqual({
      status: 429,
      code: "TOO_MANY_CONNECTIONS",
    });
  });
});
