import { accessSync, constants, existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { messageOf } from "../../../src/index.ts";
import { assertSafeListen } from "../listen-rules.ts";
import { createDiscovery } from "../plugin-loader.ts";
import { readPluginsFile } from "../plugins-file.ts";
import { BUNDLED_PLUGINS } from "../server.ts";
import { readSettings, type Environment, type SettingFlags, type Settings } from "../settings.ts";

interface Check {
  readonly name: string;
  /** What is wrong and what to do about it, or `null`. */
  readonly run: () => Promise<string | null> | string | null;
}

/** `doctor`: checks what a start needs without starting. Ends with exit code 2 when something is wrong. */
export async function doctor(
  env: Environment,
  flags: SettingFlags & { json?: boolean },
): Promise<void> {
  const settings = readSettings(env, flags);
  const results: { name: string; ok: boolean; problem: string | null }[] = [];
  for (const { name, run } of checks(settings)) {
    const problem = await problemOf(run);
    results.push({ name, ok: problem === null, problem });
  }
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ ok: results.every(({ ok }) => ok), checks: results })}\n`
      : results
          .map(
            ({ name, ok, problem }) =>
              `${ok ? "ok  " : "FAIL"} ${name}${ok ? "" : `: ${problem}`}\n`,
          )
          .join(""),
  );
  if (results.some(({ ok }) => !ok)) process.exitCode = 2;
}

function checks(settings: Settings): Check[] {
  return [
    { name: `Node ${process.versions.node}`, run: () => null },
    { name: "safe to listen", run: () => (assertSafeListen(settings), null) },
    { name: `port ${settings.port} of ${settings.host} is free`, run: () => portProblem(settings) },
    { name: `data folder ${settings.dataDir}`, run: () => dataFolderProblem(settings.dataDir) },
    { name: `plugins file ${settings.configFile}`, run: () => (readPluginsFile(settings), null) },
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

function portProblem({ host, port }: Settings): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve(`${error.message}; choose another with PORT`));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}

function dataFolderProblem(folder: string): string | null {
  if (!existsSync(folder)) return null;
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  return (statSync(folder).mode & 0o077) === 0
    ? null
    : `others of this machine may read it; the next start sets its mode to 700`;
}

async function pluginProblem(settings: Settings): Promise<string | null> {
  const entries = readPluginsFile(settings);
  const { pluginsDir } = settings;
  const refs = Object.values(entries).map((entry) => entry.package);
  const found = await createDiscovery({
    pluginsDir,
    bundledDir: BUNDLED_PLUGINS,
    packagesFrom: pluginsDir,
  }).discover(refs);
  const known = new Set(found.packages.map(({ ref }) => ref));
  const problems = refs
    .filter((ref) => !known.has(ref))
    .map((ref) => found.errors.find((error) => error.ref === ref)?.reason ?? `${ref} is not there`);
  return problems.length === 0 ? null : problems.join("; ");
}
