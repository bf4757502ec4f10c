import { AppError } from "../errors.ts";
import type { ToolSetting, ToolSettingsStore } from "../types/instances.ts";
import type { CatalogTool } from "./plugin-catalog.ts";
import type { PluginManager } from "./plugin-manager.ts";

export interface ToolAdminDeps {
  readonly manager: Pick<PluginManager, "find" | "registry" | "catalog" | "overrideTools">;
  readonly store: ToolSettingsStore;
  /** Whether a key is limited to tools of which one is called so: another tool of that name would come to that key. */
  readonly isNamedByKeys: (name: string) => boolean;
}

/** What is left out stays; `null` goes back to what the plugin says. */
export interface ToolChanges {
  readonly enabled?: boolean | undefined;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
}

/** A plugin's tool, with what was set of it. */
export interface KnownTool {
  readonly instanceId: string;
  readonly ownName: string;
  /** As its plugin offers it; `null` when it does not, now. */
  readonly tool: CatalogTool | null;
  /** `null` when nothing was set. */
  readonly setting: ToolSetting | null;
  /** Under which name clients have it; `null` when they do not. */
  readonly publicName: string | null;
}

/** Whether a tool is offered, and how it is called and described. */
export class ToolAdmin {
  readonly #deps: ToolAdminDeps;
  #settings: readonly ToolSetting[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: ToolAdminDeps) {
    this.#deps = deps;
  }

  /** Takes over what is stored now. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#reload());
  }

  /** The tools of an instance, and those that it has no more but of which something was set. */
  toolsOf(instanceId: string): KnownTool[] {
    const view = this.#deps.manager.find(instanceId);
    const offer = view?.offer?.tools ?? [];
    // Nothing counts that was set of a locked one.
    const settings = view?.status.locked === true ? [] : this.#settingsOf(instanceId);
    const set = new Map(settings.map((setting) => [setting.tool, setting]));
    const offered = new Set(offer.map(({ ownName }) => ownName));
    return [
      ...offer.map((tool) => this.#known(instanceId, tool.ownName, tool, set.get(tool.ownName))),
      ...settings
        .filter((setting) => !offered.has(setting.tool) && !isPlain(setting))
        .map((setting) => this.#known(instanceId, setting.tool, null, setting)),
    ];
  }

  /**
   * Sets how a tool is offered. Clients are told of another list.
   *
   * @throws AppError `NOT_FOUND`, `INSTANCE_LOCKED`, or `CONFLICT` when another tool has that name, or somebody else changed
   * it at the same time; nothing was stored then
   */
  set(instanceId: string, ownName: string, changes: ToolChanges): Promise<KnownTool> {
    return this.#inTurn(async () => {
      await this.#reload();
      const before = this.#find(instanceId, ownName);
      const { enabled, name, description } = before.setting ?? PLAIN;
      const next = {
        instanceId,
        tool: ownName,
        enabled: changes.enabled ?? enabled,
        name: changes.name === undefined ? name : changes.name,
        description: changes.description === undefined ? description : changes.description,
      };
      const isSame = next.enabled === enabled && next.description === description;
      if (isSame && next.name === name) return before;
      const shown = next.name ?? before.tool?.name;
      if (shown !== (name ?? before.tool?.name) && this.#isTaken(shown, before)) {
        throw new AppError("CONFLICT", "Another tool has that name.");
      }
      if (isGiven(changes.name, name) && this.#deps.isNamedByKeys(changes.name)) {
        throw new AppError(
          "CONFLICT",
          "There are keys for a tool of that name, which this one would come to: change them first.",
        );
      }
      if (!(await this.#deps.store.put(next, before.setting?.rev ?? null))) {
        throw new AppError("CONFLICT", "Something else has changed the tool meanwhile.");
      }
      await this.#reload();
      return this.#find(instanceId, ownName);
    });
  }

  /** Forgets what was set of an instance's tools. */
  forget(instanceId: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#deps.store.removeAll(instanceId);
      await this.#reload();
    });
  }

  #find(instanceId: string, ownName: string): KnownTool {
    const view = this.#deps.manager.find(instanceId);
    if (view?.status.locked) {
      throw new AppError("INSTANCE_LOCKED", `"${instanceId}" is locked in the plugins file.`);
    }
    const tool = view?.offer?.tools.find((each) => each.ownName === ownName) ?? null;
    const setting = this.#settingsOf(instanceId).find((each) => each.tool === ownName);
    if (view === null || (tool === null && setting === undefined)) {
      throw new AppError("NOT_FOUND", `"${instanceId}" has no tool "${ownName}".`);
    }
    return this.#known(instanceId, ownName, tool, setting);
  }

  #known(
    instanceId: string,
    ownName: string,
    tool: CatalogTool | null,
    setting: ToolSetting | undefined,
  ): KnownTool {
    const name = setting?.name ?? tool?.name;
    const published = name === undefined ? undefined : this.#deps.manager.catalog.tools.get(name);
    const isIts = published?.run.instanceId === instanceId && published.ownName === ownName;
    return {
      instanceId,
      ownName,
      tool,
      setting: setting ?? null,
      publicName: isIts ? name! : null,
    };
  }

  /** Whether another tool is called so, or would be if it were enabled or there. */
  #isTaken(name: string | undefined, { instanceId, ownName }: KnownTool): boolean {
    const { manager } = this.#deps;
    const isOther = (plugin: string, tool: string) => plugin !== instanceId || tool !== ownName;
    const isSet = this.#settings.some(
      (each) => isOther(each.instanceId, each.tool) && each.name === name,
    );
    return (
      isSet ||
      manager.registry.instances.some(({ settings: { id } }) =>
        this.toolsOf(id).some(
          ({ tool, ownName: own, setting }) =>
            isOther(id, own) && (setting?.name ?? tool?.name) === name,
        ),
      )
    );
  }

  #settingsOf(instanceId: string): ToolSetting[] {
    return this.#settings.filter((setting) => setting.instanceId === instanceId);
  }

  async #reload(): Promise<void> {
    this.#settings = await this.#deps.store.list();
    this.#deps.manager.overrideTools(this.#settings);
  }

  /** Names are compared with each other, so changes come one after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Whether another name is given than before. The plugin's own can always be had back. */
function isGiven(wanted: string | null | undefined, before: string | null): wanted is string {
  return typeof wanted === "string" && wanted !== before;
}

const PLAIN = { enabled: true, name: null, description: null };

function isPlain({ enabled, name, description }: Omit<ToolSetting, "rev">): boolean {
  return enabled && name === null && description === null;
}
