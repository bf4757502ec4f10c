import { expect, it } from "vitest";
import { claimsOf, signJwt, startIssuer } from "../../core/auth/access-token-fixture.ts";
import { modernRequest } from "../../helpers/mcp.ts";
import { openNodeServer } from "../../helpers/node-server.ts";
import { sendRaw } from "../../helpers/raw-http.ts";

async function open() {
  const issuer = await startIssuer();
  const { origin } = issuer.server;
  const server = await openNodeServer({
    MCP_AUTHORIZATION: JSON.stringify({ issuers: [{ issuer: origin }] }),
    MCP_ALLOW_PRIVATE_ORIGINS: "loopback",
  });
  const aud = `http://127.0.0.1:${server.port}/mcp`;
  const token = (claims: Record<string, unknown> = {}) =>
    signJwt({ claims: { ...claimsOf(origin, Date.now()), aud, ...claims } });
  const send = async (lines: readonly string[], body = "") => {
    const head = [...lines, `Host: 127.0.0.1:${server.port}`, "Connection: close"];
    return sendRaw(server.port, `${head.join("\r\n")}\r\n\r\n${body}`, 1);
  };
  const call = (authorizations: readonly string[]) => {
    const { headers, body } = modernRequest("tools/list", {});
    const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const length = `Content-Length: ${Buffer.byteLength(body)}`;
    return send(["POST /mcp HTTP/1.1", ...own, length, ...authorizations], body);
  };
  return { server, aud, token, send, call };
}

const bearer = (token: string) => `Authorization: Bearer ${token}`;

it("takes no request with two Authorization headers, whichever of them is good", async () => {
  const { server, aud, token, call } = await open();
  const [good, other, bad] = [await token(), await token({ sub: "bob" }), await token({ aud: [] })];
  expect((await call([bearer(good)])).statuses).toEqual([200]);
  for (const two of [
    [good, bad],
    [bad, good],
    [good, other],
    [good, good],
    [good, server.clientKey],
    [server.clientKey, server.clientKey],
  ]) {
    const { statuses, text } = await call(two.map(bearer));
    expect(statuses).toEqual([401]);
    const where = aud.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
    expect(text).toContain(
      `\r\nwww-authenticate: Bearer realm="mcp-plugin-server", resource_metadata="${where}", scope="mcp"\r\n`,
    );
  }
});

it("opens no WebSocket for a request with two Authorization headers", async () => {
  const { token, send } = await open();
  const [good, other] = [await token(), await token({ sub: "bob" })];
  const upgrade = (authorizations: readonly string[]) =>
    send([
      "GET /mcp HTTP/1.1",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...authorizations,
    ]);
  expect((await upgrade([bearer(good)])).statuses).toEqual([101]);
  expect((await upgrade([bearer(good), bearer(other)])).statuses).toEqual([401]);
  expect((await upgrade([bearer(good), bearer(good)])).statuses).toEqual([401]);
});

it("tells a page of any origin whose tokens it takes, and nothing else", async () => {
  const { aud, send } = await open();
  const path = "/.well-known/oauth-protected-resource/mcp";
  const origin = "Origin: https://evil.example";
  const read = await send([`GET ${path} HTTP/1.1`, origin]);
  expect(read.statuses).toEqual([200]);
  expect(read.text).toContain("\r\naccess-control-allow-origin: *\r\n");
  expect(read.text).toContain(`"resource":"${aud}"`);
  const asked = ["Access-Control-Request-Method: GET", origin];
  expect((await send([`OPTIONS ${path} HTTP/1.1`, ...asked])).statuses).toEqual([204]);
  expect((await send(["OPTIONS /mcp HTTP/1.1", ...asked])).statuses).toEqual([403]);
});
