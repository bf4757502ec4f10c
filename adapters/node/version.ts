import { existsSync, readFileSync } from "node:fs";

/** The package's version, from the package.json above the sources or above `dist`. */
export const VERSION: string = readVersion();

function readVersion(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    const path = new URL(up, import.meta.url);
    if (!existsSync(path)) continue;
    const { name, version } = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
    if (name === "mcp-plugin-server" && version !== undefined) return version;
  }
  throw new Error("The package.json of mcp-plugin-server was not found.");
}
