/** What was set of the server, by name of the setting. A setting that is not there is as the server was started. */
export interface StoredServerSettings {
  readonly values: Readonly<Record<string, unknown>>;
  /** Another one after every change. */
  readonly rev: number;
}

/** Compares before it sets, as `InstanceStore` does. Contract: `test/contract/server-settings-store.ts`. */
export interface ServerSettingsStore {
  /** `null` when nothing was ever set. */
  read(): Promise<StoredServerSettings | null>;
  /**
   * Sets all of them at once. Answers `false` when somebody else came first; nothing was changed then.
   *
   * @param expected the revision that is stored; `null` for none
   */
  put(values: StoredServerSettings["values"], expected: number | null): Promise<boolean>;
}
