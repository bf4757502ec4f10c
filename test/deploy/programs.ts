import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

/** Whether a program is there; those of Debian's packages may lie where only root's PATH leads. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"], { env: SYSTEM_ENV }).error === undefined;
}

/** What is added to the name of tests that need a program: why they are skipped, where they are. */
export function unlessInstalled(program: string): string {
  return isInstalled(program) ? "" : ` (skipped: ${program} is not installed)`;
}

const SYSTEM_ENV = { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };

/** Runs a program to its end, with nothing of the caller's environment but where programs are. */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
) {
  const result = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...SYSTEM_ENV, ...env },
    timeout: 15_000,
    ...(cwd !== undefined && { cwd }),
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** Starts a program that listens, and waits until it does. Answers how to end it. */
export async function startListener(
  program: string,
  args: readonly string[],
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<() => Promise<void>> {
  const child = spawn(program, args, {
    env: { ...SYSTEM_ENV, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const end = Date.now() + 10_000;
  while (!(await accepts(port))) {
    if (hasEnded(child) || Date.now() > end) {
      child.kill();
      throw new Error(`${program} does not listen on ${port}.\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return async () => {
    if (hasEnded(child)) return;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    await closed;
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
