import { readFileSync } from "node:fs";
import { AppError, bearerSecretFault, messageOf } from "../../src/index.ts";

/** The environment's variables, or a test's. Secrets are taken out of it when they have been read. */
export type Environment = Record<string, string | undefined>;

export interface Secrets {
  readonly adminToken: string | null;
  readonly clientKey: string | null;
  /** Its form is checked where it is used. */
  readonly masterKey: string | null;
  /** The one before it, while it is being replaced. */
  readonly previousMasterKey: string | null;
  readonly backupPassphrase: string | null;
  /** For a database on a server. */
  readonly databaseToken: string | null;
}

const NAMES = [
  "MCP_ADMIN_TOKEN",
  "MCP_CLIENT_KEY",
  "MCP_MASTER_KEY",
  "MCP_MASTER_KEY_PREVIOUS",
  "MCP_BACKUP_PASSPHRASE",
  "DATABASE_AUTH_TOKEN",
] as const;

/**
 * Reads the secrets, each from its variable or from the file that its `_FILE` twin names, and takes all of them out of
 * the environment, so that no plugin and no child process finds them there. What the process was started with stays
 * readable in `/proc` to its own user: a file is the safer way.
 *
 * @throws AppError `CONFIG_INVALID` naming the variable, never its value
 */
export function takeSecrets(env: Environment): Secrets {
  const taken = NAMES.map((name) => take(env, name));
  const [adminToken, clientKey, masterKey, previousMasterKey, backupPassphrase, databaseToken] =
    taken.map((read) => read());
  if (previousMasterKey && !masterKey) {
    throw invalid("MCP_MASTER_KEY_PREVIOUS is of use beside MCP_MASTER_KEY alone.");
  }
  return {
    adminToken: checkBearer("MCP_ADMIN_TOKEN", adminToken ?? null),
    clientKey: checkBearer("MCP_CLIENT_KEY", clientKey ?? null),
    masterKey: masterKey ?? null,
    previousMasterKey: previousMasterKey ?? null,
    backupPassphrase: backupPassphrase ?? null,
    databaseToken: databaseToken ?? null,
  };
}

/** Empties both variables at once, and answers how to read what they said: a bad one must not leave the others behind. */
function take(env: Environment, name: string): () => string | null {
  const value = env[name]?.trim() ?? "";
  const file = env[`${name}_FILE`]?.trim() ?? "";
  delete env[name];
  delete env[`${name}_FILE`];
  return () => {
    if (value !== "" && file !== "") throw invalid(`Set ${name} or ${name}_FILE, not both.`);
    if (file === "") return value === "" ? null : value;
    const content = readSecretFile(file, `${name}_FILE`);
    if (content === "") throw invalid(`${name}_FILE names ${file}, which is empty.`);
    return content;
  };
}

function readSecretFile(file: string, name: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw invalid(`${name} cannot be read: ${messageOf(error)}`);
  }
}

function checkBearer(name: string, value: string | null): string | null {
  const fault = value === null ? null : bearerSecretFault(value);
  if (fault !== null) throw invalid(`${name} ${fault}`);
  return value;
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
