import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median } from "./median.ts";

/** Operations under way at once, where there are many. */
export const LANES = 64;

/** Operations a second: one after the other, and 64 at a time. */
export interface VaultRates {
  readonly one: number;
  readonly many: number;
}

/** Secrets of 64 bytes. */
export interface VaultRound {
  /** Web Crypto alone, with one key that was imported before. */
  readonly decrypts: VaultRates;
  readonly encrypts: VaultRates;
  /** From the embedded database, with the audit record in its journal and in the database, as a server has it. */
  readonly reads: VaultRates;
  readonly writes: VaultRates;
  /** Access tokens that are good, from the token manager. */
  readonly tokens: VaultRates;
}

/** Measures the vault in a process of its own. */
export async function measureVault(rounds: number, ms: number): Promise<readonly VaultRound[]> {
  const script = fileURLToPath(new URL("vault-rounds.ts", import.meta.url));
  const child = fork(script, [String(rounds), String(ms)]);
  const results: VaultRound[] = [];
  child.on("message", (message) => {
    results.push(message as VaultRound);
    process.stderr.write(`vault, round ${results.length} of ${rounds}\n`);
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0 || results.length < rounds)
    throw new Error(`The vault's bench ended with ${code}.`);
  return results;
}

/** Medians of the ratios within each round. */
export function vaultRatios(rounds: readonly VaultRound[]): Record<string, number> {
  const ratio = (a: keyof VaultRound, b: keyof VaultRound, way: keyof VaultRates): number =>
    median(rounds.map((round) => round[a][way] / round[b][way]));
  return {
    "audited reads/s to bare decrypts'": ratio("reads", "decrypts", "one"),
    "the same, 64 at a time": ratio("reads", "decrypts", "many"),
    "good tokens/s to audited reads'": ratio("tokens", "reads", "one"),
    "the same for tokens, 64 at a time": ratio("tokens", "reads", "many"),
    "sealed writes/s to bare encrypts'": ratio("writes", "encrypts", "one"),
    "the same for writes, 64 at a time": ratio("writes", "encrypts", "many"),
  };
}

export function printVault(rounds: readonly VaultRound[]): void {
  process.stdout.write(
    `\n${"vault".padEnd(34)}${"one/s".padStart(10)}${"64 at a time/s".padStart(16)}\n`,
  );
  for (const [name, what] of [
    ["bare Web Crypto decrypt", "decrypts"],
    ["audited read", "reads"],
    ["good access token", "tokens"],
    ["bare Web Crypto encrypt", "encrypts"],
    ["sealed write", "writes"],
  ] as const) {
    const rate = (way: keyof VaultRates) =>
      median(rounds.map((round) => round[what][way])).toFixed(0);
    process.stdout.write(
      `  ${name.padEnd(32)}${rate("one").padStart(10)}${rate("many").padStart(16)}\n`,
    );
  }
}
