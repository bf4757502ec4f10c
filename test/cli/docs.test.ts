import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MCPConfigRegistry } from "@gleanwork/mcp-config-schema";
import { describe, expect, it } from "vitest";
import { clientConfig } from "../../adapters/node/cli/client-config.ts";
import { COMMON_CLIENTS } from "../../adapters/node/cli/common-clients.ts";
import { EXIT } from "../../adapters/node/cli/exit-codes.ts";
import { ROOT } from "../helpers/server-process.ts";

const read = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");

describe("docs/clients.md", () => {
  it.each(COMMON_CLIENTS)("has a section on %s with what connect prints", (id) => {
    const { name, text, command } = clientConfig(
      id,
      "http://127.0.0.1:3000/mcp",
      "YOUR_CLIENT_KEY",
    );
    const section = read("clients.md").split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";
    const language = id === "codex" ? "toml" : "json";
    expect(section).toContain(`\`\`\`${language}\n${text.trimEnd()}\n\`\`\``);
    const commands = [...section.matchAll(/```sh\n(.+)\n```/g)].map(([, line]) => line);
    expect(commands).toEqual(command === null ? [] : [command]);
  });

  it.each(COMMON_CLIENTS)("names the file of %s on every system", (id) => {
    const { configPath } = new MCPConfigRegistry().getConfig(id)!;
    for (const path of Object.values(configPath)) {
      expect(read("clients.md")).toContain(`\`${path?.replace("$HOME", "~")}\``);
    }
  });
});

describe("docs/cli.md", () => {
  it("has every exit code, and no other", () => {
    const codes = read("cli.md").split("## Exit codes")[1]!.split("\n## ")[0]!;
    const documented = [...codes.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(documented).toEqual(Object.values(EXIT));
  });
});
