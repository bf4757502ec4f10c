import { startContender, type Contender, type Measured } from "./measure.ts";
import { median } from "./median.ts";
import { startReloading } from "./reload-latency.ts";
import { measureVault, printVault, vaultRatios } from "./vault.ts";

/**
 * `npm run bench`: calls per second and CPU per call through Express with keys on, beside the bare SDK and a bare JSON
 * echo in the same run; the same over WebSocket and with the plugin in a thread of its own; how long a saved plugin
 * takes to answer; and the vault's reads and writes beside bare Web Crypto. Rounds alternate between what is compared, so
 * that a busy machine hits all alike; what counts are the ratios. `--quick` measures one short round, `--json` prints one
 * JSON object.
 */
const quick = process.argv.includes("--quick");
const json = process.argv.includes("--json");
const ROUNDS = quick ? 1 : 3;
const SECONDS = quick ? 2 : 5;
const RELOADS = quick ? 5 : 40;
const VAULT_ROUNDS = quick ? 1 : 5;
const VAULT_MS = quick ? 300 : 1_000;

const CALL = { method: "tools/call", params: { name: "echo", arguments: { text: "hello" } } };
const LIST = { method: "tools/list", params: {} };

const ours = await startContender("mcp-plugin-server, 1 tool", "ours.ts");
const sdk = await startContender("bare SDK, 1 tool", "sdk.ts");
const echo = await startContender("bare Express + Hono JSON echo", "json-echo.ts");
const calls = await rounds([ours, sdk, echo], CALL);
for (const contender of [sdk, echo]) contender.stop();

const socket = await startContender("WebSocket, in-process", "ours.ts", { over: "websocket" });
const inWorker = { BENCH_HOST: "worker" };
const worker = await startContender("HTTP, worker", "ours.ts", { env: inWorker });
const ways = await rounds([ours, socket, worker], CALL);
for (const contender of [socket, worker]) contender.stop();

const ten = await startContender("10 tools", "ours.ts", { env: { BENCH_TOOLS: "10" } });
const thousand = await startContender("1,000 tools", "ours.ts", { env: { BENCH_TOOLS: "1000" } });
const many = await rounds([ten, thousand], CALL);
const lists = await rounds([ten, thousand], LIST);
for (const contender of [ours, ten, thousand]) contender.stop();

const reloading = await startReloading();
const latencies: number[] = [];
while (latencies.length < RELOADS) latencies.push(await reloading.reload());
await reloading.close();
const reloadMs = median(latencies);

const vault = await measureVault(VAULT_ROUNDS, VAULT_MS);

const ratios = {
  "calls/s to the bare SDK's": ratio(calls, ours, sdk, "callsPerSecond"),
  "CPU per call to the bare SDK's": ratio(calls, ours, sdk, "cpuPerCall"),
  "calls/s to the JSON echo's": ratio(calls, ours, echo, "callsPerSecond"),
  "WebSocket calls/s to HTTP's": ratio(ways, socket, ours, "callsPerSecond"),
  "WebSocket CPU per call to HTTP's": ratio(ways, socket, ours, "cpuPerCall"),
  "worker calls/s to in-process": ratio(ways, worker, ours, "callsPerSecond"),
  "worker CPU per call to in-process": ratio(ways, worker, ours, "cpuPerCall"),
  "CPU per call at 1,000 tools to that at 10": ratio(many, thousand, ten, "cpuPerCall"),
  ...vaultRatios(vault),
};

if (json) {
  const named = (results: Results) =>
    Object.fromEntries([...results].map(([contender, runs]) => [contender.name, runs]));
  const all = {
    calls: named(calls),
    ways: named(ways),
    manyTools: named(many),
    lists: named(lists),
    reloadMs,
    vault,
    ratios,
  };
  process.stdout.write(`${JSON.stringify(all)}\n`);
} else {
  print("tools/call", calls);
  print("tools/call, other ways", ways);
  print("tools/call among many tools", many);
  print("tools/list", lists);
  process.stdout.write(
    `\nSave to first new answer, median of ${RELOADS} reloads: ${reloadMs.toFixed(0)} ms\n`,
  );
  printVault(vault);
  process.stdout.write("\nRatios (medians of the rounds)\n");
  for (const [name, value] of Object.entries(ratios)) {
    process.stdout.write(`  ${name.padEnd(44)} ${value.toFixed(2)}\n`);
  }
}

type Results = Map<Contender, Measured[]>;

async function rounds(contenders: readonly Contender[], call: typeof CALL | typeof LIST) {
  const results: Results = new Map(contenders.map((contender) => [contender, []]));
  for (const contender of contenders) await contender.measure(call, 1);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const contender of contenders) {
      process.stderr.write(`${call.method}, round ${round} of ${ROUNDS}: ${contender.name}\n`);
      results.get(contender)!.push(await contender.measure(call, SECONDS));
    }
  }
  return results;
}

/** The median of the ratios within each round. */
function ratio(results: Results, a: Contender, b: Contender, key: keyof Measured): number {
  return median(results.get(a)!.map((run, round) => run[key] / results.get(b)![round]![key]));
}

function print(title: string, results: Results): void {
  process.stdout.write(
    `\n${title.padEnd(34)}${"calls/s".padStart(10)}${"CPU µs".padStart(10)}${"p99 ms".padStart(10)}\n`,
  );
  for (const [{ name }, runs] of results) {
    const value = (key: keyof Measured) => median(runs.map((run) => run[key]));
    process.stdout.write(
      `  ${name.padEnd(32)}${value("callsPerSecond").toFixed(0).padStart(10)}${value("cpuPerCall").toFixed(0).padStart(10)}${value("p99Ms").toFixed(1).padStart(10)}\n`,
    );
  }
}
