import { describe, expect, it } from "vitest";
import { createClientSecrets } from "../../../src/core/auth/client-secrets.ts";
import { InstanceWrites } from "../../../src/core/auth/instance-writes.ts";
import { createOAuthSpecs } from "../../../src/core/auth/oauth-specs.ts";
import { WriteLeases } from "../../../src/core/auth/write-leases.ts";
import type { OAuthClientSettings, PluginOAuth } from "../../../src/types/oauth.ts";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { startLoopbackServer } from "../../helpers/loopback-server.ts";
import { createFixture, toSpec } from "./oauth-fixture.ts";
import { flow, GOOD, openTokenEndpoint } from "./oauth-token-endpoint.ts";
import { createVaultPlace, openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";

const URLS = { issuer: "https://one.example", token: "https://one.example/token" };
const placeOf = (declared: Partial<PluginOAuth> = {}, settings: OAuthClientSettings = {}) => ({
  instanceId: "drive",
  declared: { provider: "custom", scopes: ["read"], urls: URLS, ...declared },
  settings: { clientId: "client", tenant: "common", baseUrl: "https://b.example", ...settings },
});

async function openSecrets() {
  const { vault } = await openTestVault();
  const secrets = createClientSecrets({ vault, sha256 });
  const own = vault.reserved("shared", TEST_ACTOR);
  const found = async (place: ReturnType<typeof placeOf>) => {
    const secret = await secrets.find(place);
    return secret instanceof Uint8Array ? new TextDecoder().decode(secret) : secret;
  };
  return { secrets, own, found };
}

describe("the secret of a client", () => {
  it.each<[string, Partial<PluginOAuth>, OAuthClientSettings]>([
    ["provider", { provider: "google" }, {}],
    ["issuer", { urls: { ...URLS, issuer: "https://two.example" } }, {}],
    ["token endpoint", { urls: { ...URLS, token: "https://two.example/token" } }, {}],
    ["revocation endpoint", { urls: { ...URLS, revocation: "https://two.example/r" } }, {}],
    ["address of the operator's", {}, { baseUrl: "https://two.example" }],
    ["tenant", {}, { tenant: "organizations" }],
  ])("is not found for another %s, and is there again for the first", async (_what, ...other) => {
    const { secrets, found } = await openSecrets();
    expect(await found(placeOf())).toBeNull();
    await secrets.store(placeOf(), "a-secret", TEST_ACTOR);
    expect(await found(placeOf(...other))).toBe("elsewhere");
    expect(await found(placeOf())).toBe("a-secret");
  });

  it.each<[string, Partial<PluginOAuth>, OAuthClientSettings]>([
    ["id", {}, { clientId: "another" }],
    ["way to prove itself", {}, { clientAuth: "post" }],
    ["set of scopes", { scopes: ["write"] }, {}],
  ])("is the same for another %s, which shows it to nobody new", async (_what, ...other) => {
    const { secrets, found } = await openSecrets();
    await secrets.store(placeOf(), "a-secret", TEST_ACTOR);
    expect(await found(placeOf(...other))).toBe("a-secret");
  });

  it("takes the place of the one before, whichever server that was for", async () => {
    const { secrets, own, found } = await openSecrets();
    await secrets.store(placeOf(), "first", TEST_ACTOR);
    await secrets.store(placeOf({ provider: "google" }), "second", TEST_ACTOR);
    expect(await found(placeOf())).toBe("elsewhere");
    expect(await found(placeOf({ provider: "google" }))).toBe("second");
    expect(await own.listCredentials("drive")).toHaveLength(1);
  });

  it("that was stored for nobody in particular is for no server", async () => {
    const { own, found } = await openSecrets();
    await own.storeCredential("drive", "$oauth.client_secret", "a-secret");
    expect(await found(placeOf())).toBe("elsewhere");
  });
});

describe("a client whose secret is for another server", () => {
  const elsewhere = { secret: async () => "elsewhere" as const };

  it("asks for no token, and says what to do", async () => {
    const { spec, server } = await openTokenEndpoint({ body: GOOD });
    const { client } = createFixture();
    const foreign = { ...spec, ...elsewhere };
    for (const answer of [
      await client.exchange(foreign, flow),
      await client.refresh(foreign, "a-refresh-token", ""),
      await client.clientCredentials(foreign),
    ]) {
      expect(answer).toMatchObject({
        ok: false,
        reason: {
          kind: "misconfigured",
          reason: expect.stringMatching(
            /Store it again with `mcp-plugin-server oauth secret work`/,
          ),
          isDefinite: true,
        },
      });
    }
    expect(server.requests).toEqual([]);
  });

  it("asks nothing of a provider that ends grants in its own way", async () => {
    const server = await startLoopbackServer({});
    const { client } = createFixture({ "https://api.github.com": server.origin });
    const { spec } = toSpec({
      declared: { provider: "github" },
      settings: { clientId: "client" },
    });
    const revoked = client.revoke({ ...spec, ...elsewhere }, { accessToken: "a-token" });
    await expect(revoked).resolves.toBe("failed");
    expect(server.requests).toEqual([]);
  });
});

it("the registration of a client is changed by one process at a time", async () => {
  const place = createVaultPlace();
  const time = createFakeTime();
  const { vault } = await openTestVault({ ...place, time });
  const specOfProcess = () =>
    createOAuthSpecs({
      find: () => null,
      vault,
      secrets: createClientSecrets({ vault, sha256 }),
      turns: new InstanceWrites(new WriteLeases(place.store, time)),
      publicUrl: () => "https://tools.example",
    }).of("drive", { ...placeOf(), owner: "shared" });
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise<void>((resolve) => time.after(100, resolve));
    seen.push(`${name} ends`);
  };
  const [one, other] = [specOfProcess(), specOfProcess()];
  const state = { isOver: false };
  const all = Promise.all([
    one.registered.alone(work("one")),
    other.registered.alone(work("other")),
  ]).finally(() => (state.isOver = true));
  while (!state.isOver) await time.advance(25);
  await all;
  expect(seen).toEqual(["one begins", "one ends", "other begins", "other ends"]);
});
