import { AppError, InvalidInput } from "../errors.ts";
import type { Logger } from "../types/logger.ts";
import type { ServerSettingsStore, StoredServerSettings } from "../types/server-settings.ts";
import {
  SERVER_SETTING_NAMES,
  SERVER_SETTING_SCHEMAS,
  type ServerSettingChanges,
  type ServerSettingName,
  type ServerSettingValues,
} from "./server-setting-schemas.ts";

/** A setting that takes effect here. */
export interface AdjustableSetting<T> {
  /** What it is as long as nothing is stored. */
  readonly given: T;
  /** Makes it so, at once. Must not throw. */
  readonly apply: (value: T) => void;
}

export type AdjustableSettings = {
  readonly [Name in ServerSettingName]?: AdjustableSetting<ServerSettingValues[Name]>;
};

export interface ServerSettingsDeps {
  readonly store: ServerSettingsStore;
  /** What this server can change while it runs. */
  readonly adjustable: AdjustableSettings;
  /** What its environment has decided: nothing that is stored counts there. */
  readonly fixed: ReadonlySet<ServerSettingName>;
  readonly logger: Logger;
}

export interface ServerSetting {
  readonly value: unknown;
  readonly source: "default" | "environment" | "stored";
}

export interface ServerSettingsView {
  readonly settings: Readonly<Partial<Record<ServerSettingName, ServerSetting>>>;
  /** 0 when nothing was ever set. */
  readonly rev: number;
}

/** What of the server can be changed while it runs: environment, then what is stored, then the defaults. */
export class ServerSettings {
  readonly #deps: ServerSettingsDeps;
  /** What counts now, as JSON. */
  readonly #applied = new Map<ServerSettingName, string>();
  #stored: StoredServerSettings | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: ServerSettingsDeps) {
    this.#deps = deps;
    for (const name of SERVER_SETTING_NAMES) {
      const setting = deps.adjustable[name];
      if (setting !== undefined) this.#applied.set(name, JSON.stringify(setting.given));
    }
  }

  /** Takes over what is stored now. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#reload());
  }

  /** As it is stored, also where another process has changed it just now. */
  view(): Promise<ServerSettingsView> {
    return this.#inTurn(async () => {
      await this.#reload();
      return this.#view();
    });
  }

  /**
   * Stores changes, and makes them so.
   *
   * @param expected revisions that it may have; `null` for any
   * @throws AppError `SETTING_FIXED`, `PRECONDITION_FAILED`, `CONFLICT`, or `BODY_INVALID` for what this server does not have;
   * nothing was changed then
   */
  change(
    changes: ServerSettingChanges,
    expected: readonly number[] | null,
  ): Promise<ServerSettingsView> {
    return this.#inTurn(async () => {
      await this.#reload();
      const rev = this.#stored?.rev ?? null;
      if (expected !== null && !expected.includes(rev ?? 0)) throw overtaken(expected);
      const values = { ...this.#stored?.values };
      for (const name of SERVER_SETTING_NAMES) {
        const value = changes[name];
        if (value === undefined) continue;
        this.#assertChangeable(name);
        if (value === null) delete values[name];
        else values[name] = value;
      }
      if (JSON.stringify(values) !== JSON.stringify(this.#stored?.values ?? {})) {
        if (!(await this.#deps.store.put(values, rev))) throw overtaken(expected);
        await this.#reload();
      }
      return this.#view();
    });
  }

  #assertChangeable(name: ServerSettingName): void {
    const { adjustable, fixed } = this.#deps;
    if (adjustable[name] === undefined) {
      const detail = "this server does not have it";
      throw new InvalidInput("BODY_INVALID", [{ pointer: `/${name}`, detail }]);
    }
    if (fixed.has(name)) {
      throw new AppError("SETTING_FIXED", `The environment of the server decides "${name}".`);
    }
  }

  async #reload(): Promise<void> {
    this.#stored = await this.#deps.store.read();
    for (const name of SERVER_SETTING_NAMES) this.#apply(name);
  }

  #apply(name: ServerSettingName): void {
    const { adjustable, logger } = this.#deps;
    const setting = adjustable[name];
    if (setting === undefined) return;
    const { value, source } = this.#decide(name);
    const text = JSON.stringify(value);
    if (this.#applied.get(name) === text) return;
    this.#applied.set(name, text);
    (setting.apply as (value: unknown) => void)(value);
    // After it, so that a level which lets this through is one that shows it.
    logger.info("A setting has changed", { setting: name, value, source });
  }

  #view(): ServerSettingsView {
    const known = SERVER_SETTING_NAMES.filter((name) => this.#deps.adjustable[name] !== undefined);
    return {
      settings: Object.fromEntries(known.map((name) => [name, this.#decide(name)])),
      rev: this.#stored?.rev ?? 0,
    };
  }

  #decide(name: ServerSettingName): ServerSetting {
    const { adjustable, fixed } = this.#deps;
    const given = adjustable[name]?.given ?? null;
    if (fixed.has(name)) return { value: given, source: "environment" };
    // Another version of the server may have stored what this one does not understand.
    const stored = SERVER_SETTING_SCHEMAS[name].safeParse(this.#stored?.values[name]);
    return stored.success
      ? { value: stored.data, source: "stored" }
      : { value: given, source: "default" };
  }

  /** Each change begins with what the one before has left. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** What was read is not what is there any more. */
function overtaken(expected: readonly number[] | null): AppError {
  return expected === null
    ? new AppError("CONFLICT", "Something else has changed the settings meanwhile.")
    : new AppError("PRECONDITION_FAILED", "The settings have another revision than expected.");
}
