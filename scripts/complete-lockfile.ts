import { readFileSync, writeFileSync } from "node:fs";

/**
 * `npm run lockfile`: completes package-lock.json after `npm install`. Packages with native binaries name one optional
 * package for each platform; where a registry mirror has only this platform's, npm leaves the others out of the
 * lockfile, and `npm ci` then refuses it everywhere. Each missing one is entered by version and platform, so that it
 * installs where it is wanted.
 */
const PATH = "package-lock.json";
const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const ARCHITECTURES = [
  "arm64",
  "arm",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "x64",
];

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readFileSync(PATH, "utf8")) as { packages: Record<string, Entry> };
let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const platform = platformOf(name);
    if (lock.packages[key] !== undefined || platform === null || !/^\d/.test(version)) continue;
    lock.packages[key] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    added++;
  }
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(PATH, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} platform packages added to ${PATH}\n`);

/** The platform in a package's name, such as `@scope/binding-linux-arm64-musl`; `null` when it names none. */
function platformOf(name: string): Pick<Entry, "os" | "cpu" | "libc"> | null {
  const words = name.replace("windows", "win32").replace(/-64$/, "-x64").split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = ARCHITECTURES.find((architecture) => words.includes(architecture));
  if (os === undefined || cpu === undefined) return null;
  const libc =
    os !== "linux"
      ? null
      : words.includes("musl")
        ? "musl"
        : words.includes("gnu")
          ? "glibc"
          : null;
  return { os: [os], cpu: [cpu], ...(libc !== null && { libc: [libc] }) };
}
