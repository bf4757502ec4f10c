import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { createNodeOutbound } from "../../../adapters/node/outbound.ts";
import {
  createOAuthClient,
  type OAuthClient,
  type OAuthClientSpec,
  type OAuthFault,
} from "../../../src/core/auth/oauth-client.ts";
import { askForAccount } from "../../../src/core/auth/oauth-account.ts";
import { isEndpoint } from "../../../src/core/auth/oauth-endpoint.ts";
import { PUBLIC_ONLY, type OutboundPolicy } from "../../../src/index.ts";
import type { OAuthClientSettings, PluginOAuth } from "../../../src/types/oauth.ts";
import type { Outbound } from "../../../src/types/outbound.ts";
import type { Result } from "../../../src/util/result.ts";
import { STATE, toSpec, VERIFIER } from "../../core/auth/oauth-fixture.ts";
import { forbiddenUrls } from "../../core/outbound/corpus.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { createResolver, openCanary } from "../../helpers/outbound-network.ts";

const { canary, close } = await openCanary();
afterAll(close);
const FORBIDDEN = forbiddenUrls(canary.port);
const ISSUER = "https://issuer.example.org";
const FLOW = { state: STATE, codeVerifier: VERIFIER };
const SERVER = {
  title: "issuer.example.org",
  provider: null,
  issuer: null,
  describedBy: null,
  metadata: { issuer: ISSUER },
} as const;
const TOKEN = { accessToken: "an-access-token", refreshToken: "a-refresh-token" };

const POLICY = { ...PUBLIC_ONLY, ports: new Set([443, 8443, canary.port]) };

/** An issuer that describes itself so, and nobody else; all other requests go the guarded way of Node. */
function openNetwork(metadata: object, policy: OutboundPolicy = POLICY) {
  const guarded = createNodeOutbound(policy, createResolver());
  onTestFinished(() => guarded.close());
  const outbound: Outbound = {
    async fetch(request) {
      const { url } = request;
      if (!url.startsWith(`${ISSUER}/.well-known/`)) return guarded.fetch(request);
      const body = new TextEncoder().encode(JSON.stringify({ issuer: ISSUER, ...metadata }));
      const headers = new Headers({ "content-type": "application/json" });
      return { status: 200, headers, body, url };
    },
  };
  const deps = { outbound, time: createFakeTime(Date.now()), logger: createRecordingLogger() };
  return { outbound, client: createOAuthClient(deps) };
}

interface Asking {
  readonly client: OAuthClient;
  readonly outbound: Outbound;
  readonly spec: OAuthClientSpec;
  readonly url: string;
}

/** One way of a request to a provider. */
interface Step {
  readonly what: string;
  /** What the issuer says of itself, with the address in it. */
  readonly metadata?: (url: string) => object;
  /** What the plugin declares, with the address in it; the issuer alone when left out. */
  readonly declared?: (url: string) => NonNullable<PluginOAuth["urls"]>;
  readonly settings?: OAuthClientSettings;
  /** Answers how it ended. */
  readonly ask: (asking: Asking) => Promise<unknown>;
  /** How that is, for an address that is refused; `misconfigured` when left out. */
  readonly refused?: (url: string) => unknown;
  /** Requests that reach this machine where the operator has opened it; one when left out. */
  readonly hits?: number;
}

const GOOD = {
  authorization_endpoint: `${ISSUER}/a`,
  token_endpoint: `${ISSUER}/t`,
  code_challenge_methods_supported: ["S256"],
};
const CALLBACK = new URLSearchParams({ state: STATE, code: "a-code" });

const endpoints = (token: string) => ({ authorization: `${ISSUER}/a`, token });
const kindOf = async (asked: Promise<Result<unknown, OAuthFault>>) => {
  const answer = await asked;
  return answer.ok ? "answered" : answer.reason.kind;
};
const depart: Step["ask"] = ({ client, spec }) => kindOf(client.authorizationUrl(spec, FLOW));
const exchange =
  (issuer: string | null): Step["ask"] =>
  ({ client, spec }) =>
    kindOf(client.exchange(spec, { ...FLOW, issuer, callback: CALLBACK }));
const revocation: Pick<Step, "ask" | "refused" | "hits"> = {
  ask: ({ client, spec }) => client.revoke(spec, TOKEN),
  // What is no address of an endpoint at all counts as none.
  refused: (url) => (isEndpoint(url) ? "failed" : "unsupported"),
  hits: 2,
};

/** An issuer on the internet leads to nothing that is opened: see oauth-opened.test.ts. */
const NONE = 0;

const STEPS: readonly Step[] = [
  { what: "discovery", declared: (issuer) => ({ issuer }), ask: depart, hits: 2 },
  {
    what: "registration",
    metadata: (url) => ({ ...GOOD, registration_endpoint: url }),
    settings: { registration: "dynamic" },
    ask: depart,
    hits: NONE,
  },
  { what: "the exchange of a code", declared: endpoints, ask: exchange(null) },
  {
    what: "the exchange of a code where the issuer says",
    metadata: (url) => ({ ...GOOD, token_endpoint: url }),
    ask: exchange(ISSUER),
    hits: NONE,
  },
  {
    what: "a refresh",
    declared: endpoints,
    ask: ({ client, spec }) => kindOf(client.refresh(spec, TOKEN.refreshToken, "")),
  },
  {
    what: "client credentials",
    declared: endpoints,
    ask: ({ client, spec }) => kindOf(client.clientCredentials(spec)),
  },
  {
    what: "revocation",
    declared: (url) => ({ ...endpoints(`${ISSUER}/t`), revocation: url }),
    ...revocation,
  },
  {
    what: "revocation where the issuer says",
    metadata: (url) => ({ ...GOOD, revocation_endpoint: url }),
    ...revocation,
    hits: NONE,
  },
  {
    what: "the question whose account it is",
    ask: ({ outbound, url }) => {
      const account = { url, field: "login" };
      const asked = { endpoints: { ...endpoints(`${ISSUER}/t`), issuer: null, account } };
      return askForAccount(outbound, { ...SERVER, ...asked }, TOKEN.accessToken);
    },
    refused: () => null,
  },
];

describe.each(STEPS)("no forbidden address is reached by $what", (step) => {
  const { metadata = () => GOOD, declared = () => ({ issuer: ISSUER }), settings } = step;

  function run(url: string, policy?: OutboundPolicy): Promise<unknown> {
    const network = openNetwork(metadata(url), policy);
    const { spec } = toSpec({
      declared: { urls: declared(url) },
      settings: settings ?? { clientId: "a-client" },
    });
    return step.ask({ ...network, spec, url });
  }

  it.each(FORBIDDEN)("$url", async ({ url }) => {
    const before = canary.hits;
    const { refused = () => "misconfigured" } = step;
    expect([await run(url), canary.hits]).toEqual([refused(url), before]);
  });

  const { hits = 1 } = step;
  it(`but this machine is ${hits} times, when the operator says so`, async () => {
    const before = canary.hits;
    await run(`http://127.0.0.1:${canary.port}/`, { ...PUBLIC_ONLY, allowLoopback: true });
    expect(canary.hits).toBe(before + hits);
  });
});
