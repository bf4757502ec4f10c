import { describe, expect, it } from "vitest";
import type {
  OAuthDeparture,
  OAuthFlow,
  OAuthFlowStore,
  OAuthGrant,
  OAuthGrantStore,
} from "../../src/types/oauth.ts";

export interface OAuthStores {
  readonly flows: OAuthFlowStore;
  readonly grants: OAuthGrantStore;
}

const NOW = 1_700_000_000_000;
const DEPARTURE: OAuthDeparture = {
  stateHash: "s1",
  browserHash: "b1",
  departedBy: "admin-1",
  keyReference: "admin 0123",
  issuer: "https://issuer.example",
  clientHash: "c1",
  scope: "a b",
  redirectUri: "https://mcp.example/oauth/callback/one",
};

const flow = (handleHash: string, fields: Partial<OAuthFlow> = {}): OAuthFlow => ({
  handleHash,
  instanceId: "one",
  owner: "shared",
  startedBy: "admin",
  expiresAt: NOW + 600_000,
  departure: null,
  ...fields,
});

const grant = (fields: Partial<OAuthGrant> = {}): Omit<OAuthGrant, "rev"> => ({
  instanceId: "one",
  owner: "shared",
  status: "connected",
  reason: null,
  account: "Zoë",
  scope: "a b",
  missingScopes: ["c"],
  connectedAt: NOW,
  refreshedAt: null,
  expiresAt: Number.MAX_SAFE_INTEGER,
  isRefreshable: true,
  client: "client",
  generation: 1,
  intent: null,
  ...fields,
});

/** What every driver of the two OAuth stores does. */
export function oauthStoreContract(driver: string, open: () => Promise<OAuthStores>): void {
  describe(`OAuth flows in ${driver}`, () => {
    it("are found by their handle until they expire", async () => {
      const { flows } = await open();
      await flows.add(flow("h1"), NOW);
      expect(await flows.find("h1", NOW + 599_999)).toEqual(flow("h1"));
      expect(await flows.find("h1", NOW + 600_000)).toBeNull();
      expect(await flows.find("h2", NOW)).toBeNull();
    });

    it("are forgotten when another one is added after they expired", async () => {
      const { flows } = await open();
      await flows.add(flow("h1"), NOW);
      await flows.add(flow("h2", { expiresAt: NOW + 900_000 }), NOW + 600_000);
      expect(await flows.find("h1", NOW)).toBeNull();
      expect(await flows.find("h2", NOW)).not.toBeNull();
    });

    it("are twenty at the most that nobody has opened, of one starter for one account", async () => {
      const { flows } = await open();
      await flows.add(flow("departed"), NOW);
      await flows.depart("departed", DEPARTURE);
      await flows.add(flow("another's", { startedBy: "other" }), NOW);
      await flows.add(flow("another owner's", { owner: "client:a" }), NOW);
      for (let number = 1; number <= 22; number++) {
        await flows.add(flow(`h${number}`, { expiresAt: NOW + 600_000 + number }), NOW);
      }
      const gone = [];
      const names = Array.from({ length: 22 }, (_, at) => `h${at + 1}`);
      for (const name of ["departed", "another's", "another owner's", ...names]) {
        if ((await flows.find(name, NOW)) === null) gone.push(name);
      }
      expect(gone).toEqual(["h1", "h2"]);
    });

    it("arrive once, for the state, browser and instance that they departed with", async () => {
      const { flows } = await open();
      await flows.add(flow("h1"), NOW);
      expect(await flows.depart("h1", DEPARTURE)).toBe(true);
      const arrival = { stateHash: "s1", browserHash: "b1", instanceId: "one" };
      for (const wrong of [{ stateHash: "s2" }, { browserHash: "b2" }, { instanceId: "two" }]) {
        expect(await flows.arrive({ ...arrival, ...wrong }, NOW)).toBeNull();
      }
      expect(await flows.arrive(arrival, NOW + 600_000)).toBeNull();
      const arrived = await Promise.all(
        Array.from({ length: 10 }, () => flows.arrive(arrival, NOW)),
      );
      expect(arrived.filter((one) => one !== null)).toEqual([flow("h1", { departure: DEPARTURE })]);
      expect(await flows.find("h1", NOW)).toEqual(flow("h1"));
    });

    it("depart again with another state, and the one before counts no more", async () => {
      const { flows } = await open();
      await flows.add(flow("h1"), NOW);
      await flows.depart("h1", DEPARTURE);
      await flows.depart("h1", { ...DEPARTURE, stateHash: "s2", issuer: null });
      const arrival = { browserHash: "b1", instanceId: "one" };
      expect(await flows.arrive({ ...arrival, stateHash: "s1" }, NOW)).toBeNull();
      expect((await flows.arrive({ ...arrival, stateHash: "s2" }, NOW))?.departure?.issuer).toBe(
        null,
      );
    });

    it("are gone when they are removed", async () => {
      const { flows } = await open();
      await flows.add(flow("h1"), NOW);
      await flows.remove("h1");
      expect(await flows.find("h1", NOW)).toBeNull();
      expect(await flows.depart("h1", DEPARTURE)).toBe(false);
    });
  });

  describe(`OAuth grants in ${driver}`, () => {
    it("are given back as they were put, and listed in order", async () => {
      const { grants } = await open();
      expect(await grants.find("one", "shared")).toBeNull();
      expect(await grants.put(grant({ owner: "user:local:zoe" }), null)).toBe(true);
      expect(await grants.put(grant({ status: "needs_reauth", reason: "why" }), null)).toBe(true);
      expect(await grants.put(grant({ instanceId: "a", intent: "i" }), null)).toBe(true);
      expect(await grants.find("one", "shared")).toEqual({
        ...grant({ status: "needs_reauth", reason: "why" }),
        rev: 1,
      });
      const places = (all: readonly OAuthGrant[]) =>
        all.map(({ instanceId, owner }) => `${instanceId} ${owner}`);
      expect(places(await grants.list())).toEqual(["a shared", "one shared", "one user:local:zoe"]);
      expect(places(await grants.list("one"))).toEqual(["one shared", "one user:local:zoe"]);
    });

    it("change only from the revision that they have", async () => {
      const { grants } = await open();
      expect(await grants.put(grant(), 1)).toBe(false);
      expect(await grants.put(grant(), null)).toBe(true);
      expect(await grants.put(grant({ reason: "late" }), null)).toBe(false);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => grants.put(grant({ intent: `${index}` }), 1)),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await grants.find("one", "shared")).toMatchObject({
        intent: `${answers.indexOf(true)}`,
        rev: 2,
      });
    });

    it("are removed once", async () => {
      const { grants } = await open();
      await grants.put(grant(), null);
      expect(await grants.remove("one", "shared")).toBe(true);
      expect(await grants.remove("one", "shared")).toBe(false);
      expect(await grants.find("one", "shared")).toBeNull();
    });
  });
}
