import type { InstanceEntry } from "../types/instances.ts";
import type { Registry } from "./registry.ts";

type Entries = Readonly<Record<string, InstanceEntry>>;

export interface RegistryUpdatesDeps {
  /** Entries of the plugins file, as they are at first. */
  readonly entries: Entries;
  readonly read: (entries: Entries) => Promise<Registry>;
  /** Resolves when all of it has been tried. */
  readonly take: (registry: Registry) => Promise<void>;
}

/** Brings what is wanted to what runs. Readings come one after the other, so that no older one is taken over last. */
export class RegistryUpdates {
  readonly #deps: RegistryUpdatesDeps;
  #entries: Entries;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(deps: RegistryUpdatesDeps) {
    this.#deps = deps;
    this.#entries = deps.entries;
  }

  /** Of the plugins file, as they are now. */
  get entries(): Entries {
    return this.#entries;
  }

  /**
   * Takes over what is wanted now. `settled` resolves when all of it has been tried, which may take as long as a plugin
   * takes to start.
   */
  apply(entries?: Entries): Promise<{ readonly settled: Promise<void> }> {
    const reading = this.#reading.then(async () => {
      const registry = await this.#deps.read(entries ?? this.#entries);
      if (entries !== undefined) this.#entries = entries;
      return { settled: this.#deps.take(registry) };
    });
    this.#reading = reading.catch(() => {});
    return reading;
  }
}
