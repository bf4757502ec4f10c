import type { Time } from "../types/runtime.ts";
import type { CredentialId } from "../types/vault.ts";
import type { LifecycleChanges } from "./lifecycle-changes.ts";
import type { PluginInstance } from "./plugin-instance.ts";

/** Between two looks that calls cause. Another process may have stored what is missing, so they look at all. */
const LOOK_EVERY_MS = 1_000;

export interface CredentialChangesDeps {
  /** The one life of each instance that counts. */
  readonly instances: ReadonlyMap<string, PluginInstance>;
  readonly changes: LifecycleChanges;
  /** Tries a version again that did not start for want of credentials. */
  readonly retryLacking: (instanceId: string) => void;
  readonly isStopping: () => boolean;
  readonly time: Pick<Time, "now">;
}

interface Look {
  /** Whether it may have seen already what was stored before. */
  begun: boolean;
  readonly end: Promise<void>;
}

/** Starts and holds instances as the credentials come and go that they cannot do without. */
export class CredentialChanges {
  readonly #deps: CredentialChangesDeps;
  /** The latest look at each instance's credentials, as long as it is under way. */
  readonly #looks = new Map<string, Look>();
  /** When the last one ended. */
  readonly #lookedAt = new Map<string, number>();

  constructor(deps: CredentialChangesDeps) {
    this.#deps = deps;
  }

  /** A credential was stored or deleted, in this process. */
  take({ owner, instanceId, name }: CredentialId): void {
    const { instances, isStopping, retryLacking } = this.#deps;
    const instance = instances.get(instanceId);
    if (isStopping() || instance === undefined) return;
    if (instance.takeCredentialChange(owner, name)) {
      // One that has not begun will see this change, too.
      if (this.#looks.get(instanceId)?.begun !== false) void this.#look(instanceId);
    }
    if (owner === "shared") retryLacking(instanceId);
  }

  /**
   * An instance is called that waits for credentials. Looks whether they are there, together with all calls that come
   * meanwhile and once a second at most, and resolves when it runs, if they are.
   */
  async takeHeldCall(id: string): Promise<void> {
    const passed = this.#deps.time.now() - (this.#lookedAt.get(id) ?? -Infinity);
    const look = this.#looks.get(id);
    if (look !== undefined) await look.end;
    // A clock that was set back must not stop it.
    else if (passed < 0 || passed >= LOOK_EVERY_MS) await this.#look(id);
    await this.#deps.changes.whenFree(id);
  }

  #look(id: string): Promise<void> {
    const { changes, instances, isStopping, time } = this.#deps;
    const done = Promise.withResolvers<void>();
    const look: Look = { begun: false, end: done.promise };
    this.#looks.set(id, look);
    const change = changes.run(id, async () => {
      look.begun = true;
      const instance = instances.get(id);
      const state = instance?.state;
      if (isStopping() || (state !== "needs-credentials" && state !== "running")) return false;
      await instance!.lookAgain();
      // One that may run now is started with all others that may.
      if (state !== "running" || instance!.missing.length === 0) return false;
      await instance!.stop();
      await instance!.load();
      return true;
    });
    void change.then(() => {
      if (this.#looks.get(id) === look) this.#looks.delete(id);
      this.#lookedAt.set(id, time.now());
      done.resolve();
    });
    return look.end;
  }
}
