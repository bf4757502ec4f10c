import { randomBytes } from "node:crypto";
import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";

const ID = /^[0-9a-f]{12}$/;
const ID_LENGTH = 12;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/**
 * What tells the journal of one machine from those of others that share its database: an id in a file of its folder. It
 * stands in the chains, so that only the journal that began a chain is asked for it.
 */
export class JournalId {
  readonly #path: string;
  #isStored = false;
  #id = randomBytes(ID_LENGTH / 2).toString("hex");

  constructor(folder: string) {
    this.#path = join(folder, "journal.id");
  }

  /** The id that is there, or that will be once something is written. */
  get value(): string {
    try {
      if (!this.#isStored) this.#load();
    } catch {
      // It has a name all the same; what is wrong with its folder shows where it writes.
    }
    return this.#id;
  }

  /** Puts it into the folder, which must be there. The first of several processes has the say. */
  store(): void {
    if (this.#isStored || this.#load()) return;
    // A process that died here has left the file without an id.
    const found = openIfThere(this.#path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK);
    const file =
      found ?? openSync(this.#path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      writeSync(file, `${this.#id}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#isStored = true;
  }

  #load(): boolean {
    const file = openIfThere(this.#path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (file === null) return false;
    try {
      const bytes = Buffer.alloc(ID_LENGTH + 2);
      const text = bytes.toString("latin1", 0, readSync(file, bytes)).trimEnd();
      this.#isStored = ID.test(text);
      if (this.#isStored) this.#id = text;
      return this.#isStored;
    } finally {
      closeSync(file);
    }
  }
}

function openIfThere(path: string, flags: number): number | null {
  try {
    return openSync(path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}
