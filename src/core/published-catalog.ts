import { messageOf } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { PreparedCatalog } from "./plugin-catalog.ts";
import type { PluginState } from "./plugin-state.ts";
import { buildCatalog, type Catalog } from "./tool-catalog.ts";

export interface ManagerEvents {
  /** The catalog is another one now. */
  catalogChanged(catalog: Catalog): void;
  resourceUpdated(uri: string): void;
  /** An instance has come to another state. */
  pluginMoved?(move: PluginMove): void;
  /** A new life of an instance has taken over from the one that runs. */
  pluginReloaded?(instanceId: string): void;
}

export interface PluginMove {
  readonly instanceId: string;
  readonly before: PluginState;
  readonly state: PluginState;
  /** Why it does not run, where something is wrong. */
  readonly error: string | null;
}

interface MovedInstance {
  readonly id: string;
  readonly error: { readonly message: string } | null;
}

/** What all instances offer together, as clients have it, and who is told when that changes. */
export class PublishedCatalog {
  readonly #logger: Logger;
  readonly #listeners = new Set<ManagerEvents>();
  #offers: readonly PreparedCatalog[] = [];
  #current: Catalog = buildCatalog([]);

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get current(): Catalog {
    return this.#current;
  }

  /** Answers the way to end the subscription. */
  subscribe(events: ManagerEvents): () => void {
    this.#listeners.add(events);
    return () => void this.#listeners.delete(events);
  }

  /** Puts it together anew, unless the instances offer what they did. */
  publish(offers: readonly PreparedCatalog[]): void {
    const before = this.#offers;
    if (offers.length === before.length && offers.every((offer, at) => offer === before[at]))
      return;
    this.#offers = offers;
    const catalog = buildCatalog(offers);
    this.#current = catalog;
    this.tell((listener) => listener.catalogChanged(catalog));
  }

  /** Tells of an instance's way through the states. */
  moved({ id, error }: MovedInstance, before: PluginState, state: PluginState): void {
    const move = { instanceId: id, before, state, error: error?.message ?? null };
    this.tell((listener) => listener.pluginMoved?.(move));
  }

  reloaded(instanceId: string): void {
    this.tell((listener) => listener.pluginReloaded?.(instanceId));
  }

  /** A listener's fault is its own: it reaches neither the plugin nor the other listeners. */
  tell(event: (listener: ManagerEvents) => void): void {
    for (const listener of this.#listeners) {
      try {
        event(listener);
      } catch (error) {
        this.#logger.error("A listener failed", { error: messageOf(error) });
      }
    }
  }
}
