import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, readSettings } from "../adapters/node/index.ts";
import { openStores } from "../adapters/node/stores.ts";
import { LANES, type VaultRates, type VaultRound } from "./vault.ts";

// Measures the vault as a server has it, and bare Web Crypto, in turns, and sends a round each: <rounds> <milliseconds>
const [rounds = "", ms = ""] = process.argv.slice(2);
const SECRET_BYTES = 64;
const IV_BYTES = 12;
const NAMES_AN_INSTANCE = 8;
/** Unmeasured, before the first round. */
const WARM_UP_MS = 300;

const dataDir = mkdtempSync(join(tmpdir(), "mcps-bench-vault-"));
const stores = await openStores(readSettings({ MCP_DATA_DIR: dataDir }), createLogger());
const vault = stores.vault.for("shared", { actor: "plugin:bench", requestId: null });
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

for (let lane = 0; lane < LANES; lane++) await write(lane);
await round(WARM_UP_MS);
for (let count = 0; count < Number(rounds); count++) process.send!(await round(Number(ms)));
await stores.close();
rmSync(dataDir, { recursive: true });
process.disconnect();

async function round(duration: number): Promise<VaultRound> {
  return {
    decrypts: await rates(duration, decrypt),
    reads: await rates(duration, read),
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
