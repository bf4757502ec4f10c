import { exportPKCS8, generateKeyPair, jwtVerify, type JWTVerifyResult } from "jose";
import ServiceAccountPlugin from "../../plugins/service-account/index.ts";
import { createTestHost, type PluginContext, type TestHost } from "../../src/plugins/index.ts";
import {
  openLoopbackService,
  type LoopbackService,
  type ReceivedRequest,
} from "../helpers/loopback-service.ts";
import { needingNothing } from "./needing-nothing.ts";
import { searchCalls, type CallTool } from "./searched-calls.ts";
import { expectNone } from "./secret-search.ts";

export const ISSUER = "robot@accounts.example";
export const KEY_ID = "key-2026-07";
export const TOKEN = "POST /oauth/token";

export interface Keys {
  readonly pem: string;
  /** Checks an assertion as a token endpoint does. */
  readonly verify: (assertion: string) => Promise<JWTVerifyResult>;
}

export interface ServiceAccount {
  /** The API below `/api/v1`, and the token endpoint. */
  readonly service: LoopbackService;
  readonly host: TestHost;
  /** The assertions that were sent, in order. */
  readonly assertions: () => string[];
  /** Puts a credential into the vault while the plugin runs. */
  readonly store: (name: string, value: string) => Promise<void>;
  /** Calls a tool. What comes of it is searched for secrets when the test ends, as is the log. */
  readonly call: CallTool;
}

export interface ServiceAccountOptions {
  readonly config?: Record<string, unknown>;
  readonly credentials?: Record<string, string>;
  /** Milliseconds since 1970, of the plugin and not of the assertions. */
  readonly clock?: { now: number };
  readonly fetch?: PluginContext["fetch"];
}

export async function createKeys(algorithm: "RS256" | "ES256" | "EdDSA"): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return {
    pem: await exportPKCS8(privateKey),
    verify: (assertion) => jwtVerify(assertion, publicKey, { algorithms: [algorithm] }),
  };
}

/** One for all tests that look at no algorithm. */
export const KEYS = await createKeys("ES256");

/** `access-1`, `access-2` …: a token for every time that one is asked for. */
export function tokenAnswer(at: number, changes: Record<string, unknown> = {}) {
  return { access_token: accessToken(at), token_type: "Bearer", expires_in: 3_600, ...changes };
}

export function accessToken(at: number): string {
  return `access/${at}+token==`;
}

/** The plugin at an API that takes every access token, and at a token endpoint that takes every assertion. */
export async function serviceAccount(options: ServiceAccountOptions = {}): Promise<ServiceAccount> {
  const { config, credentials, clock = { now: 0 }, fetch } = options;
  const service = await openLoopbackService();
  const tokenRequests = () => service.requests.filter(({ url }) => url.pathname === "/oauth/token");
  service.reply(TOKEN, (response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(tokenAnswer(tokenRequests().length)));
  });
  const plugin = await needingNothing(new ServiceAccountPlugin(() => clock.now));
  const initialize = plugin.initialize.bind(plugin);
  const vault = Promise.withResolvers<PluginContext>();
  plugin.initialize = (context) => {
    vault.resolve(context);
    return initialize(context);
  };
  const host = await createTestHost(plugin, {
    pluginId: "crm",
    config: {
      baseUrl: `${service.baseUrl}/api/v1`,
      tokenUrl: `${service.baseUrl}/oauth/token`,
      algorithm: "ES256",
      ...config,
    },
    credentials: credentials ?? { private_key: KEYS.pem, issuer: ISSUER, key_id: KEY_ID },
    ...(fetch && { fetch }),
  });
  const assertions = () => tokenRequests().map(assertionOf);
  const { call } = searchCalls(host, service, (said) => {
    const tokens = tokenRequests().map((_, at) => accessToken(at + 1));
    const encoded = tokens.map(encodeURIComponent);
    expectNone([...assertions(), ...tokens, ...encoded, KEYS.pem.split("\n")[1]!], said);
  });
  return {
    service,
    host,
    assertions,
    store: async (name, value) => (await vault.promise).setCredential(name, value),
    call,
  };
}

function assertionOf({ text }: ReceivedRequest): string {
  return new URLSearchParams(text).get("assertion") ?? "";
}
