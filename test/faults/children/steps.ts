import { AsyncLocalStorage } from "node:async_hooks";
import fs from "node:fs";
import fsPromises, { open as openFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

export interface StopAt {
  /** Counted from 1; 0 for never. */
  readonly step: number;
  readonly when: "before" | "after";
}

const FILE_CALLS = [
  "openSync",
  "writeSync",
  "fsyncSync",
  "linkSync",
  "renameSync",
  "unlinkSync",
] as const;
const FILE_PROMISES = ["open", "rename", "unlink", "mkdir"] as const;
const HANDLE_CALLS = ["write", "writeFile", "sync"] as const;

// oxlint-disable-next-line typescript/no-explicit-any -- calls of any kind go through here as they are
type AnyCall = (...args: any[]) => unknown;

/** Counts what one piece of work does to store, driver, key and disk, and ends this process at one of these steps. */
export class Steps {
  readonly #work = new AsyncLocalStorage<true>();
  readonly #stopAt: StopAt;
  /** What was done, in order. */
  readonly names: string[] = [];

  constructor(stopAt: StopAt) {
    this.#stopAt = stopAt;
  }

  /** What happens within, and what it leads to, is counted. */
  within<T>(work: () => Promise<T>): Promise<T> {
    return this.#work.run(true, work);
  }

  /** The same object, whose methods are steps. With `apart`, they and what they lead to are none. */
  of<T extends object>(target: T, label: string, apart = false): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member === "function") {
          const call = (member as AnyCall).bind(object);
          return (...args: unknown[]) =>
            apart
              ? this.#work.exit(() => call(...args))
              : this.#step(`${label}.${String(name)}`, () => call(...args));
        }
        return typeof member === "object" && member !== null && name === "rotation"
          ? this.of(member, `${label}.rotation`)
          : member;
      },
    });
  }

  /** From now on also what is done to files. */
  async ofFiles(): Promise<void> {
    for (const name of FILE_CALLS) this.#replace(fs, name);
    for (const name of FILE_PROMISES) this.#replace(fsPromises, name);
    syncBuiltinESMExports();
    const handle = await openFile("/", "r");
    const handles = Object.getPrototypeOf(handle) as object;
    for (const name of HANDLE_CALLS) this.#replace(handles, name);
    await handle.close();
  }

  #replace(target: object, name: string): void {
    const { step } = this;
    const original = Reflect.get(target, name) as AnyCall;
    Reflect.set(target, name, function counted(this: unknown, ...args: unknown[]) {
      return step(`file.${name}`, () => original.apply(this, args));
    });
  }

  readonly step = (name: string, work: () => unknown): unknown => this.#step(name, work);

  #step(name: string, work: () => unknown): unknown {
    if (this.#work.getStore() === undefined) return work();
    const number = this.names.push(name);
    if (number !== this.#stopAt.step) return work();
    if (this.#stopAt.when === "before") die();
    const done = work();
    return done instanceof Promise ? done.then(die, die) : die();
  }
}

/** Nothing of this process runs after that. */
function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}
