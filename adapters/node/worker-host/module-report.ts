import { registerHooks } from "node:module";

/** The folder that has src/ and adapters/ of this server. */
const ROOT = new URL("../../../", import.meta.url).href;
const SRC = `${ROOT}src/`;
const ADAPTERS = `${ROOT}adapters/`;
/** Modules that come later are told together, this long after the first, in milliseconds. */
const GATHER_MS = 20;
/** A plugin that makes files to import for ever is watched no further. */
const MAX_MODULES = 10_000;

export interface ModuleReport {
  /** Tells what has not been told yet. */
  flush(): void;
}

/**
 * Tells from now on which files are imported or required, once each: the plugin's, and not this server's and what only
 * those import. A file that was not there to be imported is told as well: it is what is missing.
 */
export function createModuleReport(tell: (urls: readonly string[]) => void): ModuleReport {
  const told = new Set<string>();
  /** Packages that the server's own files import. */
  const own = new Set<string>();
  // An adapter imports the plugin itself.
  const isOfOwn = (parent: string) => own.has(parent) || parent.startsWith(SRC);
  let gathered: string[] = [];
  let timer: NodeJS.Timeout | null = null;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (gathered.length > 0) tell(gathered);
    gathered = [];
  };
  const note = (url: unknown, parent: string | undefined) => {
    if (typeof url !== "string" || !url.startsWith("file:")) return;
    const file = url.replace(/[?#].*/, "");
    if (url.startsWith(SRC) || url.startsWith(ADAPTERS)) return;
    if (parent !== undefined && isOfOwn(parent)) {
      own.add(url);
      return;
    }
    if (told.has(file) || told.size >= MAX_MODULES) return;
    told.add(file);
    gathered.push(file);
    timer ??= setTimeout(flush, GATHER_MS).unref();
  };
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context;
      try {
        const resolved = next(specifier, context);
        note(resolved.url, parentURL);
        return resolved;
      } catch (error) {
        note((error as { url?: unknown } | null)?.url, parentURL);
        throw error;
      }
    },
  });
  return { flush };
}
