import {
  AppError,
  createInProcessHost,
  parsePluginsFile,
  type InstanceEntry,
  type PluginDiscovery,
} from "../../src/index.ts";

/** Plugins that are part of the Worker's own code. */
export interface BundledPlugins {
  /** By instance id: the plugin object, its class, its factory, or the module that exports it as default. */
  readonly plugins: Readonly<Record<string, unknown>>;
  /** By instance id, as in `config/plugins.json`, whose `package` the bundle answers. */
  readonly settings?: Readonly<
    Record<string, Pick<InstanceEntry, "enabled" | "toolPrefix" | "config">>
  >;
}

export interface PluginBundle {
  readonly entries: Readonly<Record<string, InstanceEntry>>;
  readonly discovery: PluginDiscovery;
  readonly host: ReturnType<typeof createInProcessHost>;
}

/**
 * What the server needs to run plugins that were imported when the Worker was built.
 *
 * @throws AppError `CONFIG_INVALID` for an id or settings that the plugins file would not allow either
 */
export function createPluginBundle({ plugins, settings = {} }: BundledPlugins): PluginBundle {
  const modules = new Map(Object.entries(plugins));
  const strangers = Object.keys(settings).filter((id) => !modules.has(id));
  if (strangers.length > 0) {
    throw new AppError("CONFIG_INVALID", `Settings without a plugin: ${strangers.join(", ")}.`);
  }
  const refOf = (id: string) => `./${id}`;
  const entries = parsePluginsFile(
    {
      plugins: Object.fromEntries(
        [...modules.keys()].map((id) => [id, { ...settings[id], package: refOf(id) }]),
      ),
    },
    "The list of bundled plugins",
  );
  return {
    entries,
    discovery: {
      discover: async () => ({
        packages: [...modules.keys()].map((id) => ({ ref: refOf(id), entry: id, manifest: null })),
        errors: [],
      }),
    },
    host: createInProcessHost({
      importModule: async (entry) => {
        const plugin = modules.get(entry);
        return isModule(plugin) ? plugin : { default: plugin };
      },
    }),
  };
}

/** A bundler may put a plain object in the place of a namespace, so its one sign is the default export. */
function isModule(value: unknown): boolean {
  return typeof value === "object" && value !== null && "default" in value;
}
