import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "../helpers/free-port.ts";
import { bareEnvironment, ROOT, temporaryFolder } from "../helpers/server-process.ts";
import { runProgram } from "./programs.ts";

/** What a release has that runs. */
const RELEASE = ["adapters", "drizzle", "node_modules", "package.json", "plugins", "src"];
/** Where the page and the units put things; here all of it lies below one folder. */
const PLACES =
  /\/((opt|etc|var\/lib|var\/backups)\/mcp-plugin-server|etc\/(systemd\/system|sysusers\.d)|usr\/local\/sbin)/g;

/** A folder in the place of a machine, on which the page's commands run as they stand. */
export interface Machine {
  /** Where something lies that is at this path on a real one. */
  at(path: string): string;
  /** Runs commands in a shell, to the first that fails. */
  run(commands: string): { readonly status: number | null; readonly output: string };
  /** Puts a release of this checkout where the page wants it. */
  addRelease(version: string): void;
  remove(): void;
}

/**
 * What only root, systemd or a registry can do is done by stand-ins: `sudo` runs the command, `npm` finds everything
 * installed, `systemctl` starts and stops what the copied units say, without their sandbox.
 */
export async function createMachine(): Promise<Machine> {
  const folder = temporaryFolder();
  const root = folder.path;
  const port = await freePort();
  const relocate = (text: string) =>
    text
      .replaceAll(PLACES, `${root}$&`)
      .replaceAll("/usr/bin/node", process.execPath)
      .replaceAll("127.0.0.1:3000", `127.0.0.1:${port}`);
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  const standIns = {
    sudo: '#!/bin/sh\nif [ "$1" = -u ]; then shift 2; fi\nexec "$@"\n',
    chown: "#!/bin/sh\n",
    npm: '#!/bin/sh\n[ "$*" = "ci --omit=dev --ignore-scripts" ] && [ -e package.json ]\n',
    "systemd-sysusers": `#!/bin/sh\n[ -e ${root}/etc/sysusers.d/mcp-plugin-server.conf ]\n`,
    install: `#!/bin/bash
      args=(); while (($#)); do case $1 in -o|-g) shift 2;; *) args+=("$1"); shift;; esac; done
      exec /usr/bin/install "\${args[@]}"`,
    systemctl: `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, "test/fixtures/deploy/systemctl.ts")} ${root} ${port} "$@"\n`,
  };
  for (const [name, text] of Object.entries(standIns)) write(`bin/${name}`, text, 0o755);
  for (const path of [
    "etc/systemd/system",
    "etc/sysusers.d",
    "usr/local/sbin",
    "var/lib",
    "home",
  ]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  const { PATH, ...environment } = bareEnvironment(join(root, "home"));
  const run: Machine["run"] = (commands) => {
    const { status, stdout, stderr } = runProgram(
      "bash",
      ["--norc", "-euo", "pipefail", "-c", relocate(commands)],
      {
        cwd: join(root, "home"),
        env: { ...environment, PATH: `${root}/bin:${root}/usr/local/sbin:${PATH}` },
      },
    );
    return { status, output: `${stdout}${stderr}` };
  };
  return {
    at: (path) => join(root, path),
    run,
    addRelease(version) {
      const release = `opt/mcp-plugin-server/${version}`;
      mkdirSync(join(root, release), { recursive: true });
      for (const name of RELEASE) symlinkSync(join(ROOT, name), join(root, release, name));
      cpSync(join(ROOT, "config"), join(root, release, "config"), { recursive: true });
      for (const file of globSync("deploy/**/*.*", { cwd: ROOT })) {
        write(`${release}/${file}`, relocate(readFileSync(join(ROOT, file), "utf8")));
      }
    },
    remove() {
      if (existsSync(join(root, "service.pid"))) run("systemctl stop mcp-plugin-server");
      folder.remove();
    },
  };
}
