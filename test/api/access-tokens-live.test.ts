import { describe, expect, it } from "vitest";
import {
  claimsOf,
  createKey,
  INTROSPECT,
  introspected,
  JWKS,
  KEYS,
  keysAnswer,
  signJwt,
  startIssuer,
} from "../core/auth/access-token-fixture.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { modernRequest } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { askForSocket, openApp } from "../helpers/socket-request.ts";

const ORIGIN = "https://mcp.example.test";
const TOKEN = "opaque-token_0123456789";
const SECOND = 1_000;

type Opened = Awaited<ReturnType<typeof open>>;

async function open() {
  const issuer = await startIssuer();
  const time = createFakeTime(Date.now());
  const app = await openApp({
    plugins: { one: () => testPlugin({ tools: { read: async () => "read" } }) },
    publicUrl: () => ORIGIN,
    deps: { issuers: [introspected(issuer).settings], time },
  });
  const claims = claimsOf(issuer.server.origin, time.now());
  const says = (members: Record<string, unknown>) =>
    void (issuer.answers[INTROSPECT] = { body: { ...claims, ...members } });
  says({ active: true });
  return { app, issuer, time, claims, says, hits: () => issuer.server.hits(INTROSPECT) };
}

/** Lets that many seconds pass, with time for what is asked over the network meanwhile. */
async function pass(time: Opened["time"], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await time.advance(SECOND);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What a client leaves open: whether it has ended, and how the client ends it. */
interface LeftOpen {
  readonly hasEnded: () => boolean;
  readonly close: () => Promise<void>;
}

async function streamOf(answered: Promise<Response>): Promise<LeftOpen> {
  const response = await answered;
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream\b/);
  const reader = response.body!.getReader();
  let hasEnded = false;
  const drain = async () => {
    while (!(await reader.read()).done);
    hasEnded = true;
  };
  const drained = drain();
  return {
    hasEnded: () => hasEnded,
    async close() {
      await reader.cancel();
      await drained;
    },
  };
}

const WAYS: readonly [
  what: string,
  leaveOpen: (app: Opened["app"], key: string) => Promise<LeftOpen>,
][] = [
  [
    "a stream of changes",
    (app, key) =>
      streamOf(
        app.request(
          "/mcp",
          modernRequest(
            "subscriptions/listen",
            { notifications: { toolsListChanged: true } },
            { key },
          ),
        ),
      ),
  ],
  [
    "the stream of a client of 2024",
    (app, key) => streamOf(app.request("/sse", { key, headers: { accept: "text/event-stream" } })),
  ],
  [
    "a WebSocket",
    async (app, key) => {
      const decision = await askForSocket(app, { headers: { authorization: `Bearer ${key}` } });
      if (decision.kind === "refused") throw new Error(await decision.response.text());
      let hasEnded = false;
      const served = decision.serve({
        send: async () => undefined,
        close() {
          hasEnded = true;
          served.closed();
        },
      })!;
      return { hasEnded: () => hasEnded, close: async () => served.closed() };
    },
  ],
];

describe.each(WAYS)("%s, idle", (_what, leaveOpen) => {
  it("goes on while the token is good, and ends within a minute of its revocation", async () => {
    const { app, time, says, hits } = await open();
    const left = await leaveOpen(app, TOKEN);
    await pass(time, 180);
    expect(hits()).toBe(4);
    expect(left.hasEnded()).toBe(false);
    says({ active: false });
    await pass(time, 60);
    expect(hits()).toBe(5);
    expect(left.hasEnded()).toBe(true);
  });

  it("ends when the token has become less than it was", async () => {
    const { app, time, says } = await open();
    const left = await leaveOpen(app, TOKEN);
    says({ active: true, scope: "mcp:read" });
    await pass(time, 60);
    expect(left.hasEnded()).toBe(true);
  });

  it("ends when the token does, without a question", async () => {
    const { app, time, claims, says, hits } = await open();
    says({ active: true, exp: (claims["iat"] as number) + 40 });
    const left = await leaveOpen(app, TOKEN);
    await pass(time, 39);
    expect(left.hasEnded()).toBe(false);
    await pass(time, 2);
    expect(left.hasEnded()).toBe(true);
    expect(hits()).toBe(1);
  });

  it("goes on when its issuer names a later end each time, and ends soon after an earlier one", async () => {
    const { app, time, says } = await open();
    const end = Math.floor(time.now() / SECOND) + 3_600;
    const left = await leaveOpen(app, TOKEN);
    for (const later of [60, 120]) {
      says({ active: true, exp: end + later });
      await pass(time, 60);
    }
    expect(left.hasEnded()).toBe(false);
    says({ active: true, exp: Math.floor(time.now() / SECOND) + 70 });
    await pass(time, 65);
    expect(left.hasEnded()).toBe(false);
    await pass(time, 60);
    expect(left.hasEnded()).toBe(true);
  });

  it("has nobody ask about its token once it is closed", async () => {
    const { app, time, hits } = await open();
    const left = await leaveOpen(app, TOKEN);
    await left.close();
    await pass(time, 120);
    expect(hits()).toBe(1);
  });

  it("ends after a JWT whose key its issuer has withdrawn", async () => {
    const { app, issuer, time, claims } = await open();
    const key = await createKey("ES256", "to-be-withdrawn");
    issuer.answers[JWKS] = keysAnswer(KEYS.es, key);
    const left = await leaveOpen(app, await signJwt({ claims, key }));
    issuer.answers[JWKS] = keysAnswer(KEYS.es);
    // The keys are good for ten minutes.
    await pass(time, 590);
    expect(left.hasEnded()).toBe(false);
    await pass(time, 70);
    expect(left.hasEnded()).toBe(true);
    expect(issuer.server.hits(JWKS)).toBe(2);
  });
});
