import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { CANARY_VARIABLES } from "../helpers/canary.ts";
import { encodingsOf } from "../helpers/encodings.ts";
import { ROOT } from "../helpers/server-process.ts";
import * as workers from "../workers/helpers.ts";
import { isAllowed } from "./canary-allowed.ts";
import { searchFolder } from "./canary-search.ts";
import { FAULT_TIMEOUT, IS_FULL, reportFigure } from "./figures.ts";

/** So that its forms differ from each other. */
const ODD = "a+canary/of?24 letters~";
/** Stands before each canary in a file, as in a log. */
const BEFORE = "some text ";

describe("a search for canaries", () => {
  it.each(encodingsOf(Buffer.from(ODD)))("finds one in the form $form", ({ form, bytes }) => {
    const folder = makeFolder();
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep", "file"), Buffer.concat([Buffer.from(BEFORE), bytes]));
    const { hits, files } = searchFolder(folder, [ODD]);
    expect(files).toBe(1);
    expect(hits).toContainEqual(expect.objectContaining({ file: "deep/file", form }));
  });

  it.runIf(IS_FULL)(
    "finds none in anything that comes out of the server while all tests run at debug level",
    async () => {
      const canary = randomBytes(64)
        .toString("base64")
        .replaceAll(/[^A-Za-z0-9]/g, "")
        .slice(0, 24);
      const folder = makeFolder();
      const { passed, failed } = await runAllTests(folder, canary);
      expect(passed).toBeGreaterThan(5_000);
      // `npm test` is where none may fail: a few need a quieter log, or a quieter machine.
      expect(failed.slice(Math.floor(passed / 100))).toEqual([]);
      // As of a server whose log was not scrubbed, to see that what tests put out is searched.
      writeFileSync(join(folder, "log-planted.txt"), `${BEFORE}mcpk_${canary}`);
      const literals = [workers.CLIENT_KEY, workers.ADMIN_TOKEN, workers.MASTER_KEY];
      const { hits, files, bytes } = searchFolder(folder, [canary, ...literals]);
      const [planted, found] = partition(hits, ({ file }) => file === "log-planted.txt");
      expect(planted).toHaveLength(1);
      expect(found.filter((hit) => !isAllowed(hit))).toEqual([]);
      reportFigure("canary: tests run at debug level", passed);
      reportFigure("canary: tests failed meanwhile", failed.length);
      reportFigure("canary: files searched", files);
      reportFigure("canary: bytes searched", bytes);
      reportFigure("canary: found where it may be", found.length);
      reportFigure("canary: found elsewhere", 0);
    },
    FAULT_TIMEOUT,
  );
});

function makeFolder(): string {
  // Short, for tests make sockets below it.
  const folder = mkdtempSync(join(tmpdir(), "mcs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** In a process of its own. Whatever the tests put out or leave behind is in the folder then. */
async function runAllTests(folder: string, canary: string) {
  const temporary = join(folder, "tmp");
  // Beside the folder: it has the names of the tests, and some of these say what they send.
  const report = join(makeFolder(), "report.json");
  mkdirSync(temporary);
  const ours = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|FAULTS|NODE_ENV)/.test(name),
  );
  const args = ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  const child = spawn(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", ...args, "--silent=false", ...chosenTests()],
    {
      cwd: ROOT,
      env: {
        ...Object.fromEntries(ours),
        [CANARY_VARIABLES.canary]: canary,
        [CANARY_VARIABLES.outputs]: folder,
        TMPDIR: temporary,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  child.stdout.pipe(createWriteStream(join(folder, "vitest-stdout.txt")));
  child.stderr.pipe(createWriteStream(join(folder, "vitest-stderr.txt")));
  await once(child, "close");
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, "utf8")) as {
    numPassedTests: number;
    testResults: { assertionResults: { fullName: string; status: string }[] }[];
  };
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "failed")
    .map(({ fullName }) => fullName);
  return { passed: numPassedTests, failed };
}

/** All but this folder, and the one that installs copies of the repository, in which the tests' own sources lie. */
function chosenTests(): string[] {
  return readdirSync(join(ROOT, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith(".test.ts"))
    .filter(({ name }) => name !== "faults" && name !== "package")
    .map((entry) => `test/${entry.name}${entry.isDirectory() ? "/" : ""}`);
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
