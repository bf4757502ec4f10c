import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { createTransactions, messageOf, parseMasterKey } from "../../../src/index.ts";
import { dataFolderFault } from "../data-folder.ts";
import { databasePath } from "../database.ts";
import { assertSafeListen } from "../listen-rules.ts";
import { masterKeyPath } from "../master-keys.ts";
import { assertKeyFits } from "../open-vault.ts";
import { discoveryOf } from "../plugin-discovery.ts";
import { readPluginsFile } from "../plugins-file.ts";
import { readSettings, type Environment, type SettingFlags, type Settings } from "../settings.ts";
import { ownerFault } from "../stores-guard.ts";
import type { Output } from "./output.ts";
import { findServer } from "./vault-access.ts";
import { withProgress } from "./with-progress.ts";

interface Check {
  readonly name: string;
  /** Answers what is wrong and what to do about it, or `null`; so does the message of what it throws. */
  readonly run: () => Promise<string | null> | string | null;
}

/** `doctor`: checks what a start needs without starting or changing anything. Answers whether all is well. */
export async function doctor(
  env: Environment,
  flags: SettingFlags & { json?: boolean },
  output: Output,
): Promise<boolean> {
  const settings = readSettings(env, flags);
  const checks: { name: string; ok: boolean; problem: string | null }[] = [];
  await withProgress({ output, label: "Checking", json: flags.json }, async (report) => {
    const all = checksOf(settings);
    for (const { name, run } of all) {
      report({ done: checks.length, total: all.length });
      const problem = await problemOf(run);
      checks.push({ name, ok: problem === null, problem });
    }
  });
  const ok = checks.every((check) => check.ok);
  output.out(
    flags.json
      ? `${JSON.stringify({ ok, checks })}\n`
      : checks
          .map(({ name, problem }) =>
            problem === null ? `ok    ${name}\n` : `FAIL  ${name}\n      ${problem}\n`,
          )
          .join(""),
  );
  return ok;
}

function checksOf(settings: Settings): Check[] {
  const { host, port, dataDir, configFile } = settings;
  return [
    { name: `Node ${process.versions.node}`, run: () => null },
    { name: `safe to listen on ${host}`, run: () => (assertSafeListen(settings), null) },
    { name: port === 0 ? "some port is free" : `port ${port}`, run: () => portProblem(settings) },
    { name: `data folder ${dataDir}`, run: () => folderProblem(settings) },
    { name: "master key", run: () => masterKeyProblem(settings) },
    { name: "database", run: () => databaseProblem(settings.databaseUrl) },
    { name: "vault", run: () => vaultProblem(settings) },
    { name: `plugins file ${configFile}`, run: () => (readPluginsFile(settings), null) },
    { name: "every plugin is found", run: () => pluginProblem(settings) },
  ];
}

async function problemOf(run: Check["run"]): Promise<string | null> {
  try {
    return await run();
  } catch (error) {
    return messageOf(error);
  }
}

async function portProblem(settings: Settings): Promise<string | null> {
  const { host, port, dataDir } = settings;
  const fault = await listenFault(host, port);
  if (fault === null) return null;
  const server = await findServer(dataDir);
  // Nothing is wrong with a port that is taken by the server of this data folder.
  if (server !== null && Number(new URL(server.url).port) === port) return null;
  return `${fault}. Does another server run there? If it is not to be stopped, choose another with PORT.`;
}

/** Why nothing can listen there now; `null` when something can. */
function listenFault(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", ({ message }) => resolve(message));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}

function folderProblem(settings: Settings): string | null {
  const { dataDir: folder } = settings;
  if (!existsSync(folder)) {
    const parent = nearestFolder(folder);
    accessSync(parent, constants.W_OK | constants.X_OK);
    return statSync(parent).isDirectory() ? null : `${parent} is not a folder.`;
  }
  if (!statSync(folder).isDirectory()) return "It is not a folder. Choose another: MCP_DATA_DIR.";
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  const fault = dataFolderFault(folder) ?? ownerFault(settings);
  if (fault !== null) return fault;
  return (statSync(folder).mode & 0o077) === 0
    ? null
    : "Others of this machine may read it. The next start sets its mode to 700.";
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

function masterKeyProblem({ dataDir, secrets }: Settings): string | null {
  const file = masterKeyPath(dataDir);
  const given = secrets.masterKey;
  // Where there is none yet, the first start makes one.
  if (given === null && !existsSync(file)) return null;
  const key = parseMasterKey(given ?? readFileSync(file, "utf8"));
  return key.ok ? null : `${given === null ? file : "MCP_MASTER_KEY"}: ${key.reason}`;
}

function databaseProblem(url: string): string | null {
  const path = databasePath(url);
  // Whether a server answers is for the start to find out: opening it here would make its tables.
  if (path === null || !existsSync(path)) return null;
  const database = new Sqlite(path, { readonly: true });
  try {
    const found = database.pragma("quick_check", { simple: true });
    return found === "ok" ? null : `${path} is damaged (${String(found)}). Restore a backup.`;
  } finally {
    database.close();
  }
}

/** Whether the master key fits the vault. What is not there yet, the first start makes. */
async function vaultProblem(settings: Settings): Promise<string | null> {
  const path = databasePath(settings.databaseUrl);
  if (path === null || !existsSync(path)) return null;
  const database = new Sqlite(path, { readonly: true });
  try {
    const keys = "select 1 from sqlite_master where type = 'table' and name = 'data_keys'";
    if (database.prepare(keys).get() === undefined) return null;
    const db = drizzle(database);
    await assertKeyFits(settings, { db, atomically: createTransactions(db) });
    return null;
  } finally {
    database.close();
  }
}

async function pluginProblem(settings: Settings): Promise<string | null> {
  const refs = Object.values(readPluginsFile(settings)).map((entry) => entry.package);
  const { packages, errors } = await discoveryOf(settings).discover(refs);
  const known = new Set(packages.map(({ ref }) => ref));
  const problems = refs
    .filter((ref) => !known.has(ref))
    .map((ref) => {
      const reason = errors.find((error) => error.ref === ref)?.reason;
      return reason === undefined
        ? `${ref} is not in ${settings.pluginsDir}, and no npm package`
        : `${ref}: ${reason}`;
    });
  return problems.length === 0 ? null : `${problems.join("; ")}.`;
}
