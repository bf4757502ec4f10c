import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAuthorizationSettings } from "../../../adapters/node/authorization-settings.ts";
import { makeFolder } from "../../helpers/database.ts";

const ISSUER = "https://login.example.test/";

function withIntrospection(place: Record<string, string>): string {
  const introspection = { clientId: "mcp", ...place };
  return JSON.stringify({ issuers: [{ issuer: ISSUER, introspection }] });
}

function faultOf(env: Record<string, string | undefined>): { code: unknown; message: string } {
  try {
    readAuthorizationSettings(env);
  } catch (error) {
    return error as { code: unknown; message: string };
  }
  throw new Error("The settings were accepted.");
}

const textOf = async (secret: () => Promise<Uint8Array | null>) => {
  const bytes = await secret();
  return bytes === null ? null : new TextDecoder().decode(bytes);
};

describe("MCP_AUTHORIZATION", () => {
  it.each([{}, { MCP_AUTHORIZATION: "" }, { MCP_AUTHORIZATION: "  " }])(
    "may be left out: then nobody's tokens are taken (%j)",
    (env) => {
      expect(readAuthorizationSettings(env)).toEqual([]);
    },
  );

  it.each([
    ["JSON", `{ "issuers": [{ "issuer": "${ISSUER}" }] }`],
    ["JSON with comments", `// whose\n{ "issuers": [{ "issuer": "${ISSUER}", /* last */ }], }`],
    ["JSON behind a comment", `/* whose */ { "issuers": [{ "issuer": "${ISSUER}" }] }`],
  ])("may be the settings themselves, as %s", (_form, text) => {
    expect(readAuthorizationSettings({ MCP_AUTHORIZATION: text })).toEqual([{ issuer: ISSUER }]);
  });

  it("may name a file, also one with a byte order mark", () => {
    const path = join(makeFolder(), "authorization.jsonc");
    writeFileSync(path, `\uFEFF// whose\n{ "issuers": [{ "issuer": "${ISSUER}" }] }`);
    expect(readAuthorizationSettings({ MCP_AUTHORIZATION: path })).toEqual([{ issuer: ISSUER }]);
  });

  it("is refused with the place of a mistake", () => {
    const path = join(makeFolder(), "authorization.jsonc");
    writeFileSync(path, '{\n  "issuers": []\n  "x": 1\n}');
    expect(faultOf({ MCP_AUTHORIZATION: path })).toMatchObject({
      code: "CONFIG_INVALID",
      message: `${path}:3:3: comma expected`,
    });
    expect(faultOf({ MCP_AUTHORIZATION: '{ "issuers": [] }' })).toMatchObject({
      code: "CONFIG_INVALID",
      message: "MCP_AUTHORIZATION is not valid:\n  /issuers: must name at least one issuer",
    });
    expect(faultOf({ MCP_AUTHORIZATION: "/no/such/file.json" })).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^MCP_AUTHORIZATION names a file that cannot be read: ENOENT/),
    });
  });
});

describe("the secret of this server at an issuer", () => {
  it("is taken out of the environment, and given anew each time", async () => {
    const env: Record<string, string | undefined> = {
      MCP_AUTHORIZATION: withIntrospection({ secretEnv: "INTROSPECTION_SECRET" }),
      INTROSPECTION_SECRET: " s3cret \n",
    };
    const [issuer] = readAuthorizationSettings(env);
    expect(Object.keys(env)).toEqual(["MCP_AUTHORIZATION"]);
    const { secret } = issuer!.introspection!;
    (await secret())!.fill(0);
    expect(await textOf(secret)).toBe("s3cret");
  });

  it("is read from its file each time, so that it can be replaced", async () => {
    const path = join(makeFolder(), "secret");
    writeFileSync(path, "first\r\n");
    const text = withIntrospection({ secretFile: path });
    const [issuer] = readAuthorizationSettings({ MCP_AUTHORIZATION: text });
    const { secret } = issuer!.introspection!;
    expect(await textOf(secret)).toBe("first");
    writeFileSync(path, "second");
    expect(await textOf(secret)).toBe("second");
    writeFileSync(path, "\n");
    expect(await textOf(secret)).toBeNull();
    rmSync(path);
    expect(await textOf(secret)).toBeNull();
  });

  it("must be there at the start", () => {
    const empty = join(makeFolder(), "secret");
    writeFileSync(empty, "\n");
    expect(
      faultOf({ MCP_AUTHORIZATION: withIntrospection({ secretEnv: "NOT_SET" }) }),
    ).toMatchObject({
      code: "CONFIG_INVALID",
      message: "MCP_AUTHORIZATION: the variable NOT_SET, a secretEnv, is not set.",
    });
    expect(faultOf({ MCP_AUTHORIZATION: withIntrospection({ secretFile: empty }) })).toMatchObject({
      code: "CONFIG_INVALID",
      message: `MCP_AUTHORIZATION: a secretFile cannot be used: ${empty} is empty`,
    });
  });
});
