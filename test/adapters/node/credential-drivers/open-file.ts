import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createFileDriver } from "../../../../adapters/node/credential-drivers/file.ts";
import { hashOf } from "../../../../adapters/node/credential-drivers/record-name.ts";
import type { CredentialDriver, CredentialId } from "../../../../src/index.ts";

export interface OpenedFolder {
  readonly folder: string;
  readonly driver: CredentialDriver;
  /** The file of a credential. */
  readonly fileOf: (id: CredentialId, kind?: "sealed" | "prev") => string;
  /** All files in the folder with what they hold, by their paths in it. */
  readonly files: () => ReadonlyMap<string, string>;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vault-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openFolder(folder = temporaryFolder()): Promise<OpenedFolder> {
  const driver = await createFileDriver({ folder });
  return {
    folder,
    driver,
    fileOf: (id, kind = "sealed") =>
      join(folder, `plugin-${id.instanceId}`, `${hashOf(id)}.${kind}`),
    files: () =>
      new Map(
        readdirSync(folder, { recursive: true, encoding: "utf8" })
          .filter((path) => statSync(join(folder, path)).isFile())
          .map((path) => [path, readFileSync(join(folder, path), "utf8")]),
      ),
  };
}
