import type { InstanceEntry, PluginManifest } from "../../src/index.ts";
import { openAdminApp, type AdminApp } from "./admin-app.ts";
import { testPlugin } from "./plugins.ts";
import type { TestAppOptions } from "./test-app.ts";

export interface PluginAdminAppOptions {
  /** What each package exports, by its name without the `./`. */
  readonly packages: Readonly<Record<string, unknown>>;
  readonly manifests?: Readonly<Record<string, Partial<PluginManifest>>>;
  /** The plugins file. */
  readonly entries?: Readonly<Record<string, InstanceEntry>>;
  readonly deps?: TestAppOptions["deps"];
}

/** A server with packages of which the plugins file need not have any. */
export function openPluginAdminApp({
  packages,
  manifests = {},
  entries = {},
  deps,
}: PluginAdminAppOptions): Promise<AdminApp> {
  const found = Object.keys(packages).map((name) => ({
    ref: `./${name}`,
    entry: name,
    manifest: manifests[name]
      ? { apiVersion: 1 as const, entry: "./index.js", ...manifests[name] }
      : null,
  }));
  return openAdminApp({
    plugins: packages,
    deps: {
      entries,
      discovery: { discover: async () => ({ packages: found, errors: [] }) },
      ...deps,
    },
  });
}

export const NOTES_CONFIG = {
  type: "object",
  additionalProperties: false,
  properties: {
    org: { type: "string" },
    password: { type: "string", format: "password" },
    retries: { type: "integer", default: 3 },
  },
};

/** A package of two tools and some settings. Each life of it has an object of its own. */
export function notesPlugin(parts: object = {}) {
  return () =>
    testPlugin({
      name: "notes",
      version: "2.1.0",
      configSchema: NOTES_CONFIG,
      tools: {
        read: { run: () => "", description: "Reads.", annotations: { readOnlyHint: true } },
        write: () => "written",
      },
      ...parts,
    });
}

/** The plugins file with one instance of it. */
export const NOTES_FILE = { notes: { package: "./notes", config: { org: "acme" } } };

/** A server that has it twice as a package. */
export function openNotesApp(options: Partial<PluginAdminAppOptions> = {}): Promise<AdminApp> {
  return openPluginAdminApp({
    packages: { notes: notesPlugin(), idle: notesPlugin() },
    ...options,
  });
}
