import { AppError, stackOf } from "../../errors.ts";
import type { KeyChanges, KeyName, KeyRecord, KeyStore } from "../../types/keys.ts";
import type { Logger } from "../../types/logger.ts";
import type { Principal } from "../../types/principal.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import { randomToken, uuidv7 } from "../../util/ids.ts";
import { createAuthenticator, type Authenticator } from "./authenticator.ts";
import { hexDigest } from "../../util/hex-digest.ts";
import { isSameKey, KEY_ROLES, toKeyRecord } from "./keys.ts";

/** How often a change is tried that others overtake. */
const MAX_TRIES = 5;
/** How long a change by another process may stay unnoticed here, and how often uses are written down. */
const REFRESH_MS = 20_000;

export interface KeyDirectoryDeps {
  /** `null` where the runtime keeps none: then the given keys are all. */
  readonly store: KeyStore | null;
  /** Keys that hold whatever the store has: those of the environment. */
  readonly given: readonly KeyRecord[];
  readonly sha256: Sha256;
  readonly time: Time;
  readonly logger: Logger;
}

/** What a new key is to be. */
export type NewKey = Omit<KeyRecord, "id" | "hash" | "createdAt" | "usedAt">;

/** A key whose secret has just been made; it is shown this once. */
export interface MadeKey {
  readonly key: KeyRecord;
  readonly secret: string;
}

/** What a key has opened ends with it. */
interface Life {
  readonly key: KeyRecord;
  readonly end: AbortController;
}

/** What is known of somebody's key, as it was when it was shown. */
interface Named {
  readonly life: AbortSignal;
  readonly reference: string | null;
}

/** The keys as they were at one moment. */
interface Snapshot {
  readonly known: Authenticator;
  /** By whom they speak for. Those of keys that stay the same go on from one snapshot to the next. */
  readonly lives: ReadonlyMap<string, Life>;
}

/**
 * Every key that lets somebody in: known in memory, kept in the store, the same in all processes within half a minute, as long as
 * the store can be read.
 */
export class KeyDirectory implements Authenticator {
  readonly #deps: KeyDirectoryDeps;
  /** Without those that the store has had: of them it decides. */
  #given: readonly KeyRecord[];
  #stored: readonly KeyRecord[] = [];
  #now: Snapshot;
  /** Whom the snapshots have named, with what the one that did knew of their key. */
  readonly #named = new WeakMap<Principal, Named>();
  /** How many readings of the store have begun, and which was the last whose answer counted. */
  #readings = { begun: 0, taken: 0 };
  /** Uses that the store has not heard of, by key. */
  readonly #uses = new Map<string, KeyName & { readonly at: number }>();
  #cancelRefresh: () => void;

  private constructor(deps: KeyDirectoryDeps) {
    this.#deps = deps;
    this.#given = deps.given;
    this.#now = this.#snapshot(new Map());
    this.#cancelRefresh = () => {};
  }

  /** @throws AppError `CONFIG_INVALID` when one secret is the key of a client and of an administrator */
  static async open(deps: KeyDirectoryDeps): Promise<KeyDirectory> {
    const directory = new KeyDirectory(deps);
    await directory.reload();
    directory.#schedule();
    return directory;
  }

  async authenticate(authorization: string | null): Promise<Principal | null> {
    const snapshot = this.#now;
    const principal = this.#alive(await snapshot.known.authenticate(authorization), snapshot);
    if (principal !== null) this.#noteUse(principal);
    return principal;
  }

  referenceOf(principal: Principal): string | null {
    return this.#named.get(principal)?.reference ?? null;
  }

  principal(reference: string): Principal | null {
    return this.#alive(this.#now.known.principal(reference), this.#now);
  }

  /** Aborted when the key that has named them was revoked, has expired, or may do other things than then. */
  lifeOf(principal: Principal): AbortSignal | null {
    return this.#named.get(principal)?.life ?? null;
  }

  /** Nobody whose key has ended while its secret was looked at; the others with the life that this snapshot gives them. */
  #alive(principal: Principal | null, { known, lives }: Snapshot): Principal | null {
    const life = principal && lives.get(nameOf(principal))?.end.signal;
    if (!principal || !life || life.aborted) return null;
    this.#named.set(principal, { life, reference: known.referenceOf(principal) });
    return principal;
  }

  /** Those in the store and those of the environment. */
  list(kind: KeyRecord["kind"]): readonly KeyRecord[] {
    return this.#all()
      .filter((key) => key.kind === kind)
      .map((key) => ({ ...key, usedAt: this.#uses.get(nameOf(key))?.at ?? key.usedAt ?? null }));
  }

  /** @throws AppError `NOT_FOUND` */
  find(name: KeyName): KeyRecord {
    const found = this.list(name.kind).find(({ id }) => id === name.id);
    if (found === undefined) throw notFound(name);
    return found;
  }

  /** Whether it stands in the environment and nowhere else. */
  isGiven(name: KeyName): boolean {
    return this.#given.some((key) => nameOf(key) === nameOf(name));
  }

  async create(fields: NewKey): Promise<MadeKey> {
    const { sha256, time } = this.#deps;
    const createdAt = time.now();
    const secret = newSecret(fields.kind);
    const key = await toKeyRecord(secret, { ...fields, id: uuidv7(createdAt), createdAt }, sha256);
    await this.#store().add(key);
    await this.reload();
    return { key, secret };
  }

  /**
   * @param changesOf decides by the key as it stands in the store now
   * @throws AppError `NOT_FOUND`, or `CONFLICT` for one of the environment and for one that others change all the time
   */
  async change(name: KeyName, changesOf: (key: KeyRecord) => KeyChanges): Promise<KeyRecord> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      await this.#assertStored(name);
      const key = this.find(name);
      if (!(await this.#store().change(key, changesOf(key)))) continue;
      await this.reload();
      return this.find(name);
    }
    throw new AppError("CONFLICT", "Others change this key all the time. Try again.");
  }

  /** Another secret in the place of the old one, which is good no more. @throws as `change` does */
  async rotate(name: KeyName): Promise<MadeKey> {
    const secret = newSecret(name.kind);
    const hash = await hexDigest(this.#deps.sha256, secret);
    return { key: await this.change(name, () => ({ hash })), secret };
  }

  /** @throws as `change` does */
  async revoke(name: KeyName): Promise<void> {
    await this.#assertStored(name);
    if (!(await this.#store().revoke(name, this.#deps.time.now()))) throw notFound(name);
    // Whatever keeps the store from being read now, and whatever was read before.
    this.#readings.taken = ++this.#readings.begun;
    this.#take(this.#stored.filter((key) => nameOf(key) !== nameOf(name)));
    await this.reload();
  }

  /** Takes over what the store has now. @throws as `open` does */
  async reload(): Promise<void> {
    const reading = ++this.#readings.begun;
    const stored = (await this.#deps.store?.list()) ?? [];
    // An answer that was overtaken may still have what is revoked by now.
    if (reading < this.#readings.taken) return;
    this.#readings.taken = reading;
    this.#take(stored);
  }

  #take(stored: readonly KeyRecord[]): void {
    this.#nameDamaged(stored);
    this.#stored = stored;
    const names = new Set(stored.map(nameOf));
    this.#given = this.#given.filter((key) => !names.has(nameOf(key)));
    this.#now = this.#snapshot(this.#now.lives);
  }

  /** Once for each: the store is read all the time. */
  #nameDamaged(stored: readonly KeyRecord[]): void {
    const before = new Set(this.#stored.filter(({ damaged }) => damaged).map(nameOf));
    for (const key of stored) {
      if (!key.damaged || before.has(nameOf(key))) continue;
      const { kind, id, damaged } = key;
      this.#deps.logger.error(
        "A stored key is damaged and lets nobody in. Revoke it and make a new one.",
        { kind, id, damaged },
      );
    }
  }

  async close(): Promise<void> {
    this.#cancelRefresh();
    await this.#writeUses();
  }

  #all(): KeyRecord[] {
    return [...this.#stored, ...this.#given];
  }

  /** Of the keys as they are. Whoever came in by one that is not the same any more has to come again. */
  #snapshot(before: Snapshot["lives"]): Snapshot {
    const { sha256, time } = this.#deps;
    const all = this.#all().filter(({ damaged }) => !damaged);
    const known = createAuthenticator(all, sha256, () => time.now());
    const good = all.filter(
      ({ expiresAt }) => (expiresAt ?? Number.POSITIVE_INFINITY) > time.now(),
    );
    const lives = new Map<string, Life>();
    for (const key of good) {
      const life = before.get(nameOf(key));
      const goesOn = life !== undefined && isSameKey(life.key, key);
      lives.set(nameOf(key), goesOn ? life : { key, end: new AbortController() });
    }
    for (const [name, life] of before) {
      if (lives.get(name) !== life) life.end.abort();
    }
    return { known, lives };
  }

  #noteUse({ kind, id }: Principal): void {
    if (kind === "system") return;
    const at = this.#deps.time.now();
    const name = `${kind} ${id}`;
    const noted = this.#uses.get(name);
    if (noted === undefined || at - noted.at > REFRESH_MS) this.#uses.set(name, { kind, id, at });
  }

  async #writeUses(): Promise<void> {
    const uses = [...this.#uses.values()].filter((use) => !this.isGiven(use));
    this.#uses.clear();
    if (uses.length > 0) await this.#deps.store?.used(uses);
  }

  #schedule(): void {
    this.#cancelRefresh = this.#deps.time.after(REFRESH_MS, () => {
      void this.#refresh().finally(() => this.#schedule());
    });
  }

  /** Neither half waits for the other to go well, and what has expired ends in any case. */
  async #refresh(): Promise<void> {
    const { logger } = this.#deps;
    await this.#writeUses().catch((error: unknown) =>
      logger.error("Could not note when keys were used", { error: stackOf(error) }),
    );
    await this.reload().catch((error: unknown) => {
      logger.error("Could not read the keys again", { error: stackOf(error) });
      this.#take(this.#stored);
    });
  }

  async #assertStored(name: KeyName): Promise<void> {
    await this.reload();
    if (!this.isGiven(name)) return;
    throw new AppError(
      "CONFLICT",
      "This key stands in the environment of the server: change it there.",
    );
  }

  #store(): KeyStore {
    const { store } = this.#deps;
    if (store === null) throw new AppError("CONFLICT", "This server keeps no keys of its own.");
    return store;
  }
}

function nameOf({ kind, id }: KeyName | Principal): string {
  return `${kind} ${id}`;
}

function newSecret(kind: KeyRecord["kind"]): string {
  return randomToken(KEY_ROLES[kind === "client" ? "client" : "admin"].prefix);
}

function notFound({ kind, id }: KeyName): AppError {
  return new AppError(
    "NOT_FOUND",
    `There is no ${kind === "client" ? "client" : "token"} "${id}".`,
  );
}
