import { registerHooks } from "node:module";
import { EXTENSION } from "./source-form.ts";
import { createSyntaxPlaces, type SyntaxPlaces } from "./syntax-place.ts";

const SDK_NAME = "mcp-plugin-server/plugin";

let places: SyntaxPlaces | null = null;

/**
 * Imports a plugin's entry. Whatever folder it lies in, `mcp-plugin-server/plugin` is this server's own copy: without
 * the hook, a folder with a package.json of its own could not import it.
 */
export async function importPlugin(entry: string): Promise<unknown> {
  if (places === null) {
    places = createSyntaxPlaces();
    const sdk = new URL(`../../src/plugins/index${EXTENSION}`, import.meta.url).href;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === SDK_NAME ? { url: sdk, shortCircuit: true } : next(specifier, context),
    });
  }
  try {
    return (await import(entry)) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (!error.message.includes("does not provide an export")) throw await places.locate(error);
    const advice = `${error.message}. A type must be imported with "import type".`;
    const advised = new SyntaxError(advice, { cause: error });
    // Its first line says where.
    throw Object.assign(advised, { stack: error.stack?.replace(error.message, advice) });
  }
}
