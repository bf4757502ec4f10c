import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anchorsOf, fencesOf, linksOf } from "../docs/markdown.ts";
import { ROOT } from "../helpers/server-process.ts";
import { createMachine, type Machine } from "./machine.ts";

const PAGE = readFileSync(join(ROOT, "docs/deployment.md"), "utf8");
const lines = PAGE.split("\n");
const blocks = fencesOf(PAGE).map(({ language, line, code }) => {
  const marker = lines[line - 2] ?? "";
  const heading = lines
    .slice(0, line)
    .findLast((text) => text.startsWith("## "))!
    .slice(3);
  const begin = code.split("\n").find((text) => !text.startsWith("cd "))!;
  return { language, line, code, marker, heading, begin };
});
const run = blocks.filter(({ marker }) => marker === "<!-- run -->");

describe("the page on deployment", () => {
  it("says of each block whether it is run here, and else why not", () => {
    const others = blocks.filter((block) => !run.includes(block));
    expect(others.filter(({ marker }) => !/^<!-- not run: .+ -->$/.test(marker))).toEqual([]);
    expect(blocks.filter(({ language }) => language !== "sh")).toEqual([]);
  });

  it("has links that lead somewhere", () => {
    const links = linksOf(PAGE).filter((link) => !link.startsWith("https:"));
    const dead = links.filter((link) => {
      const [file = "", anchor] = link.split("#");
      const path = file === "" ? "docs/deployment.md" : join("docs", file);
      if (!existsSync(join(ROOT, path))) return true;
      if (anchor === undefined) return false;
      return !anchorsOf(readFileSync(join(ROOT, path), "utf8")).includes(anchor);
    });
    expect(links.length).toBeGreaterThan(20);
    expect(dead).toEqual([]);
  });
});

describe.skipIf(process.platform !== "linux")("its commands, one after another", () => {
  let machine: Machine;

  beforeAll(async () => {
    machine = await createMachine();
    machine.addRelease("0.1.0");
    machine.addRelease("0.2.0");
  });
  afterAll(() => machine.remove());

  const store = (name: string) => {
    const { status, output } = machine.run(
      `echo a-secret-of-a-service | mcp-admin credentials set time ${name}`,
    );
    if (status !== 0) throw new Error(output);
  };
  const backups = () => readdirSync(machine.at("var/backups/mcp-plugin-server"));

  /** What is done before a block, and what must hold when it has run, by the text that its first command begins with. */
  const before: Record<string, () => void> = {
    "sudo -u mcp-plugin-server sh deploy/backup.sh": () => store("before_backup"),
    "openssl rand -base64 24": () => store("after_backup"),
  };
  const after: Record<string, (output: string) => void> = {
    "sudo env PUBLIC_URL": (output) => expect(output).not.toContain("FAIL"),
    "curl --fail": (output) => expect(output).toContain("time"),
    "sudo -u mcp-plugin-server sh deploy/backup.sh": () => {
      const [backup, ...others] = backups();
      expect(others).toEqual([]);
      const files = readdirSync(machine.at(`var/backups/mcp-plugin-server/${backup}`));
      expect(files.toSorted()).toEqual(["audit", "server.db"]);
    },
    "sudo ln -sfn 0.2.0": () => store("after_upgrade"),
    // What came after the backup is gone.
    "sudo systemctl stop": (output) => expect(output).toContain("ok    1 credentials"),
  };
  const of = <T>(table: Record<string, T>, begin: string) =>
    Object.entries(table).find(([start]) => begin.startsWith(start))?.[1];

  it.each(run)("line $line, $heading: $begin", ({ code, begin }) => {
    of(before, begin)?.();
    const ran = machine.run(code);
    expect(ran).toMatchObject({ status: 0 });
    of(after, begin)?.(ran.output);
  });

  it("have shown no secret and left none in the log", () => {
    const log = readFileSync(machine.at("service.log"), "utf8");
    expect(log).toContain("Server listens");
    for (const name of ["master-key", "admin-token", "client-key"]) {
      const secret = readFileSync(machine.at(`etc/mcp-plugin-server/${name}`), "utf8").trim();
      expect(secret).toHaveLength(44);
      expect(log).not.toContain(secret);
    }
    expect(log).not.toMatch(/mcp[ka]_/);
  });
});
