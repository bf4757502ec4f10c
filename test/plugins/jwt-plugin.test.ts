import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createTestHost,
  JwtPlugin,
  type SignTokenOptions,
  type TestHostOptions,
} from "../../src/plugins/index.ts";
import { ecKey, rsaKey } from "../helpers/keys.ts";
import { needingNothing } from "./needing-nothing.ts";

interface Args {
  claims: Record<string, unknown>;
  options?: SignTokenOptions;
}

class Robot extends JwtPlugin {
  readonly name = "robot";
  readonly version = "1.0.0";
  readonly description = "d";
  protected readonly privateKeyDescription = "The key of the service account, in PEM.";
  getTools = () => [{ name: "sign" }];
  executeTool = (_name: string, { claims, options }: Args) => this.signToken(claims, options);
}

const RSA = rsaKey();

async function open(options: TestHostOptions = { credentials: { private_key: RSA.pem } }) {
  const host = await createTestHost(Robot, options);
  return {
    ...host,
    sign: async (claims: Args["claims"], signing?: SignTokenOptions) =>
      (await host.callTool("sign", { claims, ...(signing && { options: signing }) })) as string,
  };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

describe("a plugin that signs tokens", () => {
  it("gets one that its service can check, good for five minutes", async () => {
    const { sign } = await open();
    const token = await sign({ iss: "robot", aud: "api.example" });
    const { payload } = await jwtVerify(token, RSA.publicKey, { algorithms: ["RS256"] });
    expect(payload).toMatchObject({ iss: "robot", aud: "api.example" });
    expect(payload.exp! - payload.iat!).toBe(300);
  });

  it("says by which algorithm, for how long and with which key id", async () => {
    const key = ecKey();
    const { sign } = await open({ credentials: { private_key: key.pem } });
    const options = { algorithm: "ES256", expiresInSeconds: 60, header: { kid: "k1" } } as const;
    const token = await sign({}, options);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", typ: "JWT", kid: "k1" });
    const { exp, iat } = decodeJwt(token);
    expect(exp! - iat!).toBe(60);
  });

  it("uses a token again until shortly before it expires, for the same claims alone", async () => {
    const { sign } = await open();
    const first = await sign({ iss: "robot" });
    expect(await sign({ iss: "robot" })).toBe(first);
    expect(await sign({ iss: "other" })).not.toBe(first);
    expect(await sign({ iss: "robot" }, { expiresInSeconds: 60 })).not.toBe(first);
    vi.advanceTimersByTime(239_999);
    expect(await sign({ iss: "robot" })).toBe(first);
    vi.advanceTimersByTime(1);
    expect(await sign({ iss: "robot" })).not.toBe(first);
  });

  it("trusts no token for longer because the clock was set back", async () => {
    const { sign } = await open();
    const first = await sign({ iss: "robot" });
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(await sign({ iss: "robot" })).not.toBe(first);
  });

  it("shares one signature between calls that come at once", async () => {
    const { sign } = await open();
    const tokens = await Promise.all([sign({}), sign({}), sign({})]);
    expect(new Set(tokens).size).toBe(1);
  });

  it("keeps no refusal: once the key is there, it signs", async () => {
    const plugin = await needingNothing(
      class extends Robot {
        override getTools = () => [{ name: "sign" }, { name: "store" }];
        override executeTool = async (name: string, args: Args) => {
          if (name === "sign") return this.signToken(args.claims);
          await this.context.setCredential("private_key", RSA.pem);
          return "stored";
        };
      },
    );
    const host = await createTestHost(plugin, { pluginId: "mine" });
    await expect(host.callTool("sign", { claims: {} })).rejects.toMatchObject({
      name: "ToolError",
      message:
        '"mine" has no private key yet. Ask the server\'s administrator to store it as the credential "private_key": The key of the service account, in PEM.',
    });
    await host.callTool("store");
    expect(decodeJwt((await host.callTool("sign", { claims: {} })) as string).jti).toBeTypeOf(
      "string",
    );
  });

  it.each([
    ["a key of another kind", { private_key: ecKey().pem }, {}, "RS256 needs an RSA key"],
    [
      "a life that is too long",
      { private_key: RSA.pem },
      { expiresInSeconds: 3_601 },
      "3600 seconds at most",
    ],
  ])("hears what is wrong with %s", async (_what, credentials, options, message) => {
    const { sign } = await open({ credentials });
    await expect(sign({}, options)).rejects.toThrow(message);
  });
});
