import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SUITE = fileURLToPath(
  new URL("../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url),
);
const SERVE = fileURLToPath(new URL("serve-conformance.ts", import.meta.url));
const MAX_RUN_MS = 300_000;

export interface Era {
  readonly revision: string;
  /** Which of the suite's scenarios are run. */
  readonly selection: readonly string[];
  /** Checks that must pass; none may fail. A warning or a skipped check is missing from this number. */
  readonly expected: number;
}

export const ERAS: readonly Era[] = [
  { revision: "2025-11-25", selection: ["--requirements", "2025-11-25"], expected: 84 },
  {
    revision: "2026-07-28",
    selection: ["--suite", "all", "--spec-version", "2026-07-28"],
    expected: 152,
  },
];

export interface EraResult {
  readonly revision: string;
  readonly passed: number;
  readonly failed: number;
  /** Every check that did not simply pass. */
  readonly complaints: readonly Complaint[];
}

export interface Complaint {
  readonly scenario: string;
  readonly check: string;
  readonly status: string;
  readonly message: string;
}

/** Starts the fixture server as its users do, in a process of its own, on a free port. */
export async function serveFixture(): Promise<{
  readonly url: string;
  close(): Promise<void>;
}> {
  const child = spawn(process.execPath, [SERVE], {
    env: { ...process.env, PORT: "0", LOG_LEVEL: "error" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const kill = () => child.kill();
  process.once("exit", kill);
  const url = await Promise.race([
    once(createInterface(child.stdout), "line").then(([line]) => String(line)),
    exited.then(([code]) => {
      throw new Error(`The fixture server ended with code ${String(code)} before it listened.`);
    }),
  ]);
  return {
    url,
    async close() {
      process.off("exit", kill);
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/**
 * Runs the suite's scenarios of one era against a server.
 *
 * @throws Error with the suite's output when it ended without a total
 */
export async function runEra(
  url: string,
  { revision, selection }: Era,
  onScenario: (name: string) => void = () => {},
): Promise<EraResult> {
  const results = mkdtempSync(join(tmpdir(), "mcp-conformance-results-"));
  try {
    const args = [SUITE, "server", "--url", url, ...selection, "--output-dir", results];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: MAX_RUN_MS,
    });
    const closed = once(child, "close");
    let output = "";
    const read = (line: string) => {
      output += `${line}\n`;
      const scenario = /^=== Running scenario: (\S+) ===$/.exec(line)?.[1];
      if (scenario !== undefined) onScenario(scenario);
    };
    createInterface(child.stdout).on("line", read);
    createInterface(child.stderr).on("line", read);
    await closed;
    const total = parseTotal(output);
    if (total === null) throw new Error(`The conformance suite gave no total:\n${output}`);
    return { revision, ...total, complaints: readComplaints(results) };
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

/** The suite's last total, or `null` when it printed none. */
export function parseTotal(output: string): { passed: number; failed: number } | null {
  const match = [...output.matchAll(/^Total: (\d+) passed, (\d+) failed$/gm)].at(-1);
  return match === undefined ? null : { passed: Number(match[1]), failed: Number(match[2]) };
}

function readComplaints(folder: string): Complaint[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const checks = JSON.parse(readFileSync(join(folder, name, "checks.json"), "utf8")) as {
        id: string;
        status: string;
        errorMessage?: string;
      }[];
      // The folder's name ends with the time of the run.
      const scenario = name.replace(/^server-/, "").replace(/-\d{4}-\d{2}-\d{2}T.*$/, "");
      return checks
        .filter(({ status }) => status !== "SUCCESS" && status !== "INFO")
        .map(({ id, status, errorMessage = "" }) => {
          return { scenario, check: id, status, message: errorMessage };
        });
    });
}
