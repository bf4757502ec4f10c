import { execFile } from "node:child_process";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** Files to look through for the one that does not parse. */
const MAX_CHECKED = 20;
const CHECK_MS = 5_000;
const PLACE = /^(\/|[A-Za-z]:\\).*:\d+$/m;

export interface SyntaxPlaces {
  /**
   * The same error with the file and line in its stack, where Node itself does not put them (it does for TypeScript and
   * for CommonJS). Node says it of a file that it is asked to check.
   */
  locate(error: SyntaxError): Promise<SyntaxError>;
}

/** Remembers the latest modules that were loaded, because an error of syntax in JavaScript does not say where it is. */
export function createSyntaxPlaces(): SyntaxPlaces {
  let latest: string[] = [];
  registerHooks({
    load(url, context, next) {
      if (url.startsWith("file:") && /\.[cm]?js$/.test(url) && !url.includes("/node_modules/")) {
        latest = [url, ...latest.slice(0, MAX_CHECKED - 1)];
      }
      return next(url, context);
    },
  });
  return {
    async locate(error) {
      if (PLACE.test(error.stack?.split("\n", 1)[0] ?? "")) return error;
      for (const url of latest) {
        const place = await check(fileURLToPath(url));
        if (place === null) continue;
        error.stack = `${place}\n${error.stack}`;
        break;
      }
      return error;
    },
  };
}

/** Where a file does not parse, as `path:line`, or `null` when it does. */
function check(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--check", path],
      { timeout: CHECK_MS, env: {} },
      (_error, _stdout, stderr) => resolve(PLACE.exec(stderr)?.[0] ?? null),
    );
  });
}
