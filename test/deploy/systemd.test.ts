import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, temporaryFolder } from "../helpers/server-process.ts";
import { isInstalled, runProgram, unlessInstalled } from "./programs.ts";

const FOLDER = "deploy/systemd";
const SERVER = "mcp-plugin-server.service";
const NIGHTLY = "mcp-plugin-server-nightly.service";
const TIMER = "mcp-plugin-server-nightly.timer";
const read = (name: string) => readFileSync(join(ROOT, FOLDER, name), "utf8");

/** The lines of a unit that say something, of one section. */
function directives(text: string, section: string): string[] {
  const body = new RegExp(`^\\[${section}\\]\\n([^]*?)(?=^\\[|(?![^]))`, "m").exec(text)?.[1] ?? "";
  return body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe.skipIf(!isInstalled("systemd-analyze"))(
  `systemd${unlessInstalled("systemd-analyze")}`,
  () => {
    const folder = temporaryFolder();

    beforeAll(() => {
      // The program of this machine, which may have Node elsewhere.
      for (const name of [SERVER, NIGHTLY]) {
        const text = read(name).replaceAll("/usr/bin/node", process.execPath);
        writeFileSync(join(folder.path, name), text);
      }
      copyFileSync(join(ROOT, FOLDER, TIMER), join(folder.path, TIMER));
    });
    afterAll(() => folder.remove());

    it("finds nothing wrong with the units", () => {
      const units = [SERVER, NIGHTLY, TIMER].map((name) => join(folder.path, name));
      const { status, stderr } = runProgram("systemd-analyze", ["verify", "--man=no", ...units]);
      expect(stderr.split("\n").filter((line) => line.includes("mcp-plugin-server"))).toEqual([]);
      expect(status).toBe(0);
    });

    it("would find it", () => {
      const unit = join(folder.path, "mistaken.service");
      writeFileSync(unit, "[Service]\nExecStart=/bin/true\nProtectSytem=strict\n");
      const { stderr } = runProgram("systemd-analyze", ["verify", "--man=no", unit]);
      expect(stderr).toMatch(/Unknown key.*ProtectSytem/);
    });

    it.each([SERVER, NIGHTLY])("rates the exposure of %s at 1.5 of 10 at most", (name) => {
      const unit = join(folder.path, name);
      const rate = (...limit: string[]) =>
        runProgram("systemd-analyze", ["security", "--offline=true", ...limit, unit]);
      expect(rate("--threshold=15").stdout).toContain("Overall exposure level");
      expect(rate("--threshold=15").status).toBe(0);
      expect(rate("--threshold=5").status).not.toBe(0);
    });
  },
);

describe.skipIf(!isInstalled("systemd-sysusers"))(
  `the user${unlessInstalled("systemd-sysusers")}`,
  () => {
    it("is made by systemd-sysusers", () => {
      const root = temporaryFolder();
      const file = join(ROOT, FOLDER, "mcp-plugin-server.sysusers.conf");
      const args = ["--dry-run", `--root=${root.path}`, file];
      const { status, stderr } = runProgram("systemd-sysusers", args);
      root.remove();
      expect(stderr).toContain("Creating user 'mcp-plugin-server'");
      expect(status).toBe(0);
    });
  },
);

describe("the units", () => {
  const service = directives(read(SERVER), "Service");
  const nightly = directives(read(NIGHTLY), "Service");

  it("hand secrets over as files, and none as a variable", () => {
    const variables = service.filter((line) => line.startsWith("Environment=MCP_"));
    const secret = /KEY|TOKEN|PASSPHRASE/;
    expect(variables.filter((line) => secret.test(line))).toEqual([
      "Environment=MCP_MASTER_KEY_FILE=%d/master-key",
      "Environment=MCP_ADMIN_TOKEN_FILE=%d/admin-token",
      "Environment=MCP_CLIENT_KEY_FILE=%d/client-key",
    ]);
    for (const [, name] of variables.join("\n").matchAll(/%d\/([a-z-]+)/g)) {
      expect(service).toContain(`LoadCredential=${name}:/etc/mcp-plugin-server/${name}`);
    }
  });

  it("keep what a first start prints, and core dumps, from lying anywhere", () => {
    expect(service).toContain("StandardOutput=null");
    expect(service).toContain("LimitCORE=0");
    expect(nightly).toContain("LimitCORE=0");
  });

  it("are held to the same, but for what the one listens with and the other writes", () => {
    const own =
      /^(Type|ExecStart|Restart|RestartSec|RestartPreventExitStatus|KillMode|Timeout\w+)=/;
    const shared = (lines: readonly string[]) =>
      lines.filter((line) => !own.test(line) && !line.startsWith("Environment"));
    expect(shared(service).filter((line) => !nightly.includes(line))).toEqual([
      "LoadCredential=client-key:/etc/mcp-plugin-server/client-key",
      "StandardOutput=null",
      "StandardError=journal",
      "LimitNOFILE=65536",
      "TasksMax=512",
      "InaccessiblePaths=-/var/backups/mcp-plugin-server",
    ]);
    expect(shared(nightly).filter((line) => !service.includes(line))).toEqual([
      "ReadWritePaths=/var/backups/mcp-plugin-server",
    ]);
  });

  it("name files that are there", () => {
    const words = [...service, ...nightly]
      .filter((line) => line.startsWith("ExecStart="))
      .flatMap((line) => line.split(/[= ]/));
    const files = words.filter((word) => /^(adapters|deploy)\//.test(word));
    expect(new Set(files)).toEqual(new Set(["adapters/node/main.ts", "deploy/backup.sh"]));
    for (const file of files) expect(readFileSync(join(ROOT, file), "utf8")).not.toBe("");
  });
});
