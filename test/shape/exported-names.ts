import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const ROOT = new URL("../../", import.meta.url);

export function valuesOf(module: object): string {
  return Object.keys(module).toSorted().join("\n");
}

/** Types leave nothing behind at run time, so their names are read from the source, which lists them one by one. */
export function typesOf(path: string): string {
  const source = read(path);
  expect(source).not.toMatch(/export (type )?\* from/);
  return [...source.matchAll(/export (type )?\{([^}]*)\}/g)]
    .flatMap(([, type = "", names]) => names!.split(",").map((name) => type + name.trim()))
    .flatMap((name) => /^type (.+)$/.exec(name)?.[1] ?? [])
    .toSorted()
    .join("\n");
}

export function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, ROOT)), "utf8");
}
