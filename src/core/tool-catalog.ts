import type { CatalogFault } from "../types/host.ts";
import { fromBase64Url, toBase64Url, utf8 } from "../util/bytes.ts";
import type { Resource, Prompt, ResourceTemplate } from "../types/plugin.ts";
import type {
  CatalogPrompt,
  CatalogResource,
  CatalogTemplate,
  CatalogTool,
  PreparedCatalog,
  ToolDefinition,
} from "./plugin-catalog.ts";

/** Items in one page of a list. Most servers answer every list in one page. */
const PAGE_SIZE = 500;
/** Marks a cursor as ours. */
const CURSOR = "after:";
/** A cursor holds a name or a URI. */
const MAX_CURSOR_CHARS = 16_384;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Everything that clients may use, in the form in which requests need it. Immutable: a change makes a new one. */
export interface Catalog {
  readonly tools: ReadonlyMap<string, CatalogTool>;
  readonly resources: ReadonlyMap<string, CatalogResource>;
  readonly templates: readonly CatalogTemplate[];
  readonly prompts: ReadonlyMap<string, CatalogPrompt>;
  readonly lists: {
    readonly tools: PagedList<ToolDefinition>;
    readonly resources: PagedList<Omit<Resource, "text" | "blob">>;
    readonly resourceTemplates: PagedList<ResourceTemplate>;
    readonly prompts: PagedList<Prompt>;
  };
  /** What lost to another instance's item of the same name or URI, by instance. */
  readonly conflicts: ReadonlyMap<string, readonly CatalogFault[]>;
}

/** A sorted list in pages. The first page, which is nearly always the only one, is made when the catalog is built. */
export interface PagedList<T> {
  /** The page that begins at `cursor`, or `null` for a cursor that this server never gave out. */
  page(cursor: string | undefined): { readonly items: T[]; readonly nextCursor?: string } | null;
}

/** Joins what the running instances offer. Of two items with one name, the one of the earlier instance id stays. */
export function buildCatalog(
  offers: readonly PreparedCatalog[],
  pageSize: number = PAGE_SIZE,
): Catalog {
  const conflicts = new Map<string, CatalogFault[]>();
  const sorted = offers.toSorted((a, b) => compare(a.instanceId, b.instanceId));

  const unique = <T>(
    kind: CatalogFault["kind"],
    itemsOf: (offer: PreparedCatalog) => readonly T[],
    keyOf: (item: T) => string,
  ): Map<string, T> => {
    const taken = new Map<string, { item: T; instanceId: string }>();
    for (const offer of sorted) {
      for (const item of itemsOf(offer)) {
        const key = keyOf(item);
        const holder = taken.get(key);
        if (holder === undefined) {
          taken.set(key, { item, instanceId: offer.instanceId });
          continue;
        }
        const reason = `"${key}" is already offered by "${holder.instanceId}"`;
        const list = conflicts.get(offer.instanceId) ?? [];
        conflicts.set(offer.instanceId, [...list, { kind, name: key, reason }]);
      }
    }
    const entries = [...taken].map(([key, { item }]) => [key, item] as const);
    return new Map(entries.toSorted(([a], [b]) => compare(a, b)));
  };

  const tools = unique(
    "tool",
    (offer) => offer.tools,
    (tool) => tool.name,
  );
  const prompts = unique(
    "prompt",
    (offer) => offer.prompts,
    (prompt) => prompt.name,
  );
  const resources = unique(
    "resource",
    (offer) => offer.resources,
    (item) => item.uri,
  );
  const templates = unique(
    "resource template",
    (offer) => offer.resourceTemplates,
    (item) => item.uriTemplate,
  );
  return pageCatalog(
    { tools, prompts, resources, templates: [...templates.values()], conflicts },
    pageSize,
  );
}

/** The catalog of these items, with its lists. All are sorted by what they are found by. */
export function pageCatalog(items: Omit<Catalog, "lists">, pageSize: number = PAGE_SIZE): Catalog {
  const { tools, prompts, resources, templates } = items;
  const definitions = <T>(entries: Iterable<readonly [string, { readonly definition: T }]>) =>
    paginate(
      [...entries].map(([key, { definition }]) => [key, definition] as const),
      pageSize,
    );
  return {
    ...items,
    lists: {
      tools: definitions(tools),
      prompts: definitions(prompts),
      resources: definitions(resources),
      resourceTemplates: definitions(templates.map((each) => [each.uriTemplate, each])),
    },
  };
}

/** What answers for a URI: the resource of exactly this URI, else the first template that it fits, in their order. */
export function findResource(
  { resources, templates }: Catalog,
  uri: string,
): CatalogResource | CatalogTemplate | null {
  const resource = resources.get(uri);
  if (resource !== undefined || !URL.canParse(uri)) return resource ?? null;
  return templates.find(({ pattern }) => pattern.matches(uri)) ?? null;
}

/**
 * Cuts a sorted list into pages. A cursor names the last item before its page, so that it stays good when items come
 * and go between two requests.
 */
export function paginate<T>(sorted: readonly (readonly [string, T])[], size: number): PagedList<T> {
  const cut = (from: number) => {
    const part = sorted.slice(from, from + size);
    const last = part.at(-1)?.[0];
    const more = from + size < sorted.length && last !== undefined;
    return {
      items: part.map(([, item]) => item),
      ...(more && { nextCursor: toBase64Url(utf8(CURSOR + last)) }),
    };
  };
  const first = cut(0);
  return {
    page(cursor) {
      if (cursor === undefined) return first;
      const after = readCursor(cursor);
      if (after === null) return null;
      const from = sorted.findIndex(([name]) => compare(name, after) > 0);
      return from < 0 ? { items: [] } : cut(from);
    },
  };
}

function readCursor(cursor: string): string | null {
  const bytes = cursor.length > MAX_CURSOR_CHARS ? null : fromBase64Url(cursor);
  if (bytes === null) return null;
  try {
    const text = decoder.decode(bytes);
    return text.startsWith(CURSOR) ? text.slice(CURSOR.length) : null;
  } catch {
    return null;
  }
}

/** By code unit: the same order on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
