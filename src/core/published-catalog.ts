import { messageOf } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { PreparedCatalog } from "./plugin-catalog.ts";
import { buildCatalog, type Catalog } from "./tool-catalog.ts";

export interface ManagerEvents {
  /** The catalog is another one now. */
  catalogChanged(catalog: Catalog): void;
  resourceUpdated(uri: string): void;
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
