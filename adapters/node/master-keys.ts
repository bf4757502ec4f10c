import { createHash, timingSafeEqual } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { AppError, parseMasterKey, type MasterKeyProvider } from "../../src/index.ts";
import {
  createKeyFile,
  putKeyFile,
  randomKeyText,
  readKeyFile,
  removeKeyFile,
  replaceFile,
} from "./key-file.ts";
import type { Settings } from "./settings.ts";

const KEY_FILE = "master.key";
const PREVIOUS_KEY_FILE = "master.key.previous";
const NEXT_KEY_FILE = "master.key.next";
const NEXT_KEY_NAME = /^master\.key\.next\.[0-9a-f]{16}$/;

/** Where the master key lies when none is given. */
export function masterKeyPath(dataDir: string): string {
  return join(dataDir, KEY_FILE);
}

/** Whether there is a master key, or a start would make one. */
export function hasMasterKey({ dataDir, secrets }: Pick<Settings, "dataDir" | "secrets">): boolean {
  return secrets.masterKey !== null || existsSync(masterKeyPath(dataDir));
}

/** Who holds the master key: the environment, if it names one, else the data folder. */
export function masterKeysOf({
  dataDir,
  secrets,
}: Pick<Settings, "dataDir" | "secrets">): MasterKeyProvider {
  return secrets.masterKey === null
    ? createFileMasterKeys(dataDir)
    : createGivenMasterKeys(secrets.masterKey, secrets.previousMasterKey);
}

/**
 * The master key in a file of the data folder. It is read anew each time it is asked for, because another process may have
 * replaced it. Each method throws AppError `CONFIG_INVALID` for a file that does not hold a key, which is never overwritten, and
 * `VAULT_KEY_WRONG` when there is none.
 *
 * A next key's file is named after the key, and its renaming puts it into force: that happens once, so a process that comes
 * late finds nothing to rename, and cannot put a later key, or an earlier one, over the current one.
 */
export function createFileMasterKeys(dataDir: string): MasterKeyProvider {
  const path = masterKeyPath(dataDir);
  const previousPath = join(dataDir, PREVIOUS_KEY_FILE);
  const nextPathOf = (key: Uint8Array) => join(dataDir, `${NEXT_KEY_FILE}.${nameOf(key)}`);
  const nextPaths = () =>
    readdirSync(dataDir)
      .filter((name) => NEXT_KEY_NAME.test(name))
      .toSorted()
      .map((name) => join(dataDir, name));
  const load = (file: string) => {
    const text = readKeyFile(file);
    return text === null ? null : parse(text, file);
  };
  const isIn = (file: string, expected: Uint8Array) => {
    const key = load(file);
    const isSame = key !== null && timingSafeEqual(key, expected);
    key?.fill(0);
    return isSame;
  };
  return {
    async begin() {
      if (readKeyFile(path) === null) createKeyFile(path, randomKeyText());
    },
    async current() {
      const key = load(path);
      if (key !== null) return key;
      throw new AppError(
        "VAULT_KEY_WRONG",
        `The master key is gone: put the file ${path} back, or set MCP_MASTER_KEY_FILE or MCP_MASTER_KEY.`,
      );
    },
    others: async () => [...nextPaths(), previousPath].map(load).filter((key) => key !== null),
    rotation: {
      async prepare() {
        const left = nextPaths()
          .map(load)
          .find((key) => key !== null);
        if (left !== undefined) return left;
        const text = randomKeyText();
        const key = parse(text, NEXT_KEY_FILE);
        createKeyFile(nextPathOf(key), text);
        // A rotation begins only when nothing is wrapped by a key before the current one.
        removeKeyFile(previousPath);
        return key;
      },
      async finish(expected) {
        const nextPath = nextPathOf(expected);
        // What lies there may be half a key of somebody else's making: it must not become the key.
        if (!isIn(nextPath, expected)) return isIn(path, expected);
        const replaced = readKeyFile(path);
        if (replaced !== null) putKeyFile(previousPath, replaced);
        return replaceFile(nextPath, path) || isIn(path, expected);
      },
    },
  };
}

/** Tells one key from another, and nothing of either. */
function nameOf(key: Uint8Array): string {
  const hash = createHash("sha256").update("mcp-plugin-server.master-key.file").update(key);
  return hash.digest("hex").slice(0, 16);
}

/**
 * The master key as the environment names it. Whoever runs the server changes it there, so nothing here does.
 *
 * @throws AppError `CONFIG_INVALID` for anything but 32 bytes
 */
export function createGivenMasterKeys(current: string, previous: string | null): MasterKeyProvider {
  const key = parse(current, "MCP_MASTER_KEY");
  const before = previous === null ? null : parse(previous, "MCP_MASTER_KEY_PREVIOUS");
  return {
    current: async () => key.slice(),
    others: async () => (before === null ? [] : [before.slice()]),
  };
}

/** What to do instead of `rotate-master`, where the environment holds the key. */
export const ROTATE_GIVEN_KEY =
  "The master key comes from MCP_MASTER_KEY, so it is replaced there: set MCP_MASTER_KEY to the new key (openssl rand -base64 32) and MCP_MASTER_KEY_PREVIOUS to the old one, restart, and take MCP_MASTER_KEY_PREVIOUS away once the server runs.";

function parse(text: string, source: string): Uint8Array {
  const key = parseMasterKey(text);
  if (key.ok) return key.value;
  throw new AppError("CONFIG_INVALID", `${source}: ${key.reason}`);
}
