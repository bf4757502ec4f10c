import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, readSettings } from "../adapters/node/index.ts";
import { systemTime } from "../adapters/node/runtime.ts";
import { openStores } from "../adapters/node/stores.ts";
import type { OAuthClient } from "../src/core/auth/oauth-client.ts";
import type { OAuthAccount } from "../src/core/auth/token-keeper.ts";
import { TokenManager } from "../src/core/auth/token-manager.ts";
import { VaultAudit } from "../src/core/auth/vault-audit.ts";
import { createOAuthGrantRepository } from "../src/index.ts";
import { LANES, type VaultRates, type VaultRound } from "./vault.ts";

// Measures the vault as a server has it, and bare Web Crypto, in turns, and sends a round each: <rounds> <milliseconds>
const [rounds = "", ms = ""] = process.argv.slice(2);
const SECRET_BYTES = 64;
const IV_BYTES = 12;
const NAMES_AN_INSTANCE = 8;
/** Unmeasured, before the first round. */
const WARM_UP_MS = 300;

const dataDir = mkdtempSync(join(tmpdir(), "mcps-bench-vault-"));
const logger = createLogger();
const stores = await openStores(readSettings({ MCP_DATA_DIR: dataDir }), logger);
const ACTOR = { actor: "plugin:bench", requestId: null };
const vault = stores.vault.for("shared", ACTOR);
const newSecret = () => crypto.getRandomValues(new Uint8Array(SECRET_BYTES));

/** Each lane has a credential of its own. */
const placeOf = (lane: number) =>
  [`instance-${Math.floor(lane / NAMES_AN_INSTANCE)}`, `name-${lane % NAMES_AN_INSTANCE}`] as const;
const write = (lane: number) => vault.storeCredentialBytes(...placeOf(lane), newSecret());
const read = async (lane: number) => {
  const found = await vault.useCredential(...placeOf(lane), (secret) => secret.length);
  if (found?.value !== SECRET_BYTES) throw new Error("A credential is not what was stored.");
};

const key = await crypto.subtle.importKey("raw", newSecret().subarray(0, 32), "AES-GCM", false, [
  "encrypt",
  "decrypt",
]);
const encrypt = (iv: Uint8Array<ArrayBuffer>) =>
  crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, newSecret());
const newIv = () => crypto.getRandomValues(new Uint8Array(IV_BYTES));
const iv = newIv();
const sealed = await encrypt(iv);
const decrypt = () => crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed);

const tokens = new TokenManager({
  ...stores,
  grants: createOAuthGrantRepository(stores.database.db),
  // Nobody is asked for what is good for an hour.
  client: {} as OAuthClient,
  audit: new VaultAudit(stores.audit, logger),
  time: systemTime,
  logger,
});
const accountOf = (lane: number): OAuthAccount => ({
  spec: {
    instanceId: placeOf(lane)[0],
    declared: { provider: "custom", scopes: [] },
    settings: {},
  } as unknown as OAuthAccount["spec"],
  owner: `client:${lane}`,
});
const token = async (lane: number) => {
  const { accessToken } = await tokens.token(accountOf(lane), ACTOR);
  if (accessToken.length !== SECRET_BYTES) throw new Error("A token is not what was granted.");
};
for (let lane = 0; lane < LANES; lane++) {
  await write(lane);
  const granted = {
    accessToken: `${lane}`.padStart(SECRET_BYTES, "x"),
    refreshToken: "y".repeat(64),
  };
  const expiresAt = Date.now() + 3_600_000;
  const grant = {
    token: { ...granted, expiresAt, scope: "read write", tokenType: "Bearer" },
    missingScopes: [],
    account: null,
  };
  await tokens.connect(accountOf(lane), grant, () => Promise.resolve(null));
}
await round(WARM_UP_MS);
for (let count = 0; count < Number(rounds); count++) process.send!(await round(Number(ms)));
await stores.close();
rmSync(dataDir, { recursive: true });
process.disconnect();

async function round(duration: number): Promise<VaultRound> {
  return {
    decrypts: await rates(duration, decrypt),
    reads: await rates(duration, read),
    tokens: await rates(duration, token),
    encrypts: await rates(duration, () => encrypt(newIv())),
    writes: await rates(duration, write),
  };
}

async function rates(
  duration: number,
  work: (lane: number) => Promise<unknown>,
): Promise<VaultRates> {
  return { one: await rate(duration, 1, work), many: await rate(duration, LANES, work) };
}

/** How often a second, with so many under way at any time. */
async function rate(
  duration: number,
  lanes: number,
  work: (lane: number) => Promise<unknown>,
): Promise<number> {
  let count = 0;
  const begun = performance.now();
  const end = begun + duration;
  const run = async (lane: number) => {
    for (; performance.now() < end; count++) await work(lane);
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  return (count * 1_000) / (performance.now() - begun);
}
