import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { OAuthFlows } from "../../../src/core/auth/oauth-state.ts";
import { createMemoryOAuthFlows } from "../../../src/index.ts";
import type { OAuthFlowStore } from "../../../src/types/oauth.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { MINUTE } from "../../helpers/token-manager.ts";

const ASKED = { instanceId: "drive", owner: "shared", startedBy: "plugin:drive" } as const;
const TO = {
  departedBy: "admin",
  keyReference: null,
  issuer: null,
  client: "client",
  scope: "read",
  redirectUri: "https://tools.example/oauth/callback/drive",
};

function openFlows() {
  const time = createFakeTime();
  const own = createMemoryOAuthFlows();
  /** All that the store is given. */
  const told: unknown[] = [];
  const store: OAuthFlowStore = {
    add: (...all) => (told.push(all), own.add(...all)),
    find: (...all) => (told.push(all), own.find(...all)),
    depart: (...all) => (told.push(all), own.depart(...all)),
    arrive: (...all) => (told.push(all), own.arrive(...all)),
    remove: (...all) => (told.push(all), own.remove(...all)),
  };
  const flows = new OAuthFlows({ store, sha256, time });
  return { flows, time, told };
}

/** A person on their way to the provider. */
async function openDeparted() {
  const opened = openFlows();
  const handle = await opened.flows.begin(ASKED);
  const departure = await opened.flows.prepare(null);
  await opened.flows.depart((await opened.flows.find(handle))!, departure, TO);
  return { ...opened, handle, departure };
}

describe("what guards a way to a provider", () => {
  it("is kept as hashes alone", async () => {
    const { flows, told, handle, departure } = await openDeparted();
    const { state, browser, codeVerifier } = departure;
    const arrived = await flows.arrive("drive", state, browser);
    expect(arrived?.codeVerifier).toBe(codeVerifier);
    await flows.end(arrived!.flow);
    expect(told).toHaveLength(5);
    const text = JSON.stringify(told);
    for (const secret of [handle, state, browser, codeVerifier]) expect(text).not.toContain(secret);
  });

  it("has a verifier that neither the state nor the browser's secret gives alone", async () => {
    const { flows, departure } = await openDeparted();
    const again = await flows.prepare(departure.browser);
    const elsewhere = await flows.prepare(null);
    const verifiers = [departure, again, elsewhere].map(({ codeVerifier }) => codeVerifier);
    expect(new Set(verifiers).size).toBe(3);
    // That of the same state in another browser is another one.
    const { flows: others } = openFlows();
    const handle = await others.begin(ASKED);
    const mixed = { ...departure, browser: elsewhere.browser };
    await others.depart((await others.find(handle))!, mixed, TO);
    const arrived = await others.arrive("drive", departure.state, elsewhere.browser);
    expect(arrived?.codeVerifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(verifiers).not.toContain(arrived?.codeVerifier);
  });
});

describe("a link that is asked for again and again", () => {
  it("is the same while it is good for five minutes more", async () => {
    const { flows, time } = openFlows();
    const first = await flows.beginOnce(ASKED);
    await time.advance(5 * MINUTE - 1);
    expect(await flows.beginOnce(ASKED)).toBe(first);
    await time.advance(1);
    expect(await flows.beginOnce(ASKED)).not.toBe(first);
  });

  it.each<[string, Parameters<OAuthFlows["begin"]>[0]]>([
    ["instance", { ...ASKED, instanceId: "other" }],
    ["owner", { ...ASKED, owner: "client:a" }],
    ["starter", { ...ASKED, startedBy: "plugin:other" }],
  ])("is another one for another %s", async (_what, other) => {
    const { flows } = openFlows();
    const first = await flows.beginOnce(ASKED);
    expect(await flows.beginOnce(other)).not.toBe(first);
    expect(await flows.beginOnce(ASKED)).toBe(first);
  });

  it("is another one when a person has gone on with it, or it has ended", async () => {
    const { flows } = openFlows();
    const first = await flows.beginOnce(ASKED);
    const flow = (await flows.find(first))!;
    await flows.depart(flow, await flows.prepare(null), TO);
    const second = await flows.beginOnce(ASKED);
    expect(second).not.toBe(first);
    await flows.end((await flows.find(second))!);
    expect(await flows.beginOnce(ASKED)).not.toBe(second);
  });
});
