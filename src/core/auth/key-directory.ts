import { AppError, stackOf } from "../../errors.ts";
import type { KeyChanges, KeyName, KeyRecord, KeyStore } from "../../types/keys.ts";
import type { Logger } from "../../types/logger.ts";
import type { Principal } from "../../types/principal.ts";
import type { Sha256, Time } from "../../types/runtime.ts";
import { canonicalJson } from "../../util/canonical-json.ts";
import { randomToken, uuidv7 } from "../../util/ids.ts";
import { createAuthenticator, type Authenticator } from "./authenticator.ts";
import { KEY_ROLES, toKeyRecord } from "./keys.ts";

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

/** Every key that lets somebody in: known in memory, kept in the store, the same in all processes within half a minute. */
export class KeyDirectory implements Authenticator {
  readonly #deps: KeyDirectoryDeps;
  /** Without those that the store has had: of them it decides. */
  #given: readonly KeyRecord[];
  #stored: readonly KeyRecord[] = [];
  #known: Authenticator;
  /** By whom they speak for; aborted when the key has ended or is another one. */
  readonly #lives = new Map<string, { readonly key: KeyRecord; readonly end: AbortController }>();
  /** Uses that the store has not heard of, by key. */
  readonly #uses = new Map<string, KeyName & { readonly at: number }>();
  #cancelRefresh: () => void;

  private constructor(deps: KeyDirectoryDeps) {
    this.#deps = deps;
    this.#given = deps.given;
    this.#known = createAuthenticator(deps.given, deps.sha256, () => deps.time.now());
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
    const principal = await this.#known.authenticate(authorization);
    if (principal !== null) this.#noteUse(principal);
    return principal;
  }

  referenceOf(principal: Principal): string | null {
    return this.#known.referenceOf(principal);
  }

  principal(reference: string): Principal | null {
    return this.#known.principal(reference);
  }

  /** Aborted when the key has been revoked, has expired, or may do other things than before. */
  lifeOf({ kind, id }: Principal): AbortSignal | null {
    return this.#lives.get(`${kind} ${id}`)?.end.signal ?? null;
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

  /** @throws AppError `NOT_FOUND`, or `CONFLICT` for one of the environment */
  async change(name: KeyName, changes: KeyChanges): Promise<KeyRecord> {
    await this.#assertStored(name);
    if (!(await this.#store().change(name, changes))) throw notFound(name);
    await this.reload();
    return this.find(name);
  }

  /** Another secret in the place of the old one, which is good no more. @throws as `change` does */
  async rotate(name: KeyName): Promise<MadeKey> {
    const { hash: _, ...fields } = this.find(name);
    const secret = newSecret(name.kind);
    const { hash } = await toKeyRecord(secret, fields, this.#deps.sha256);
    return { key: await this.change(name, { hash }), secret };
  }

  /** @throws as `change` does */
  async revoke(name: KeyName): Promise<void> {
    await this.#assertStored(name);
    if (!(await this.#store().revoke(name, this.#deps.time.now()))) throw notFound(name);
    await this.reload();
  }

  /** Takes over what the store has now. @throws as `open` does */
  async reload(): Promise<void> {
    const { store, sha256, time } = this.#deps;
    this.#stored = (await store?.list()) ?? [];
    const stored = new Set(this.#stored.map(nameOf));
    this.#given = this.#given.filter((key) => !stored.has(nameOf(key)));
    this.#known = createAuthenticator(this.#all(), sha256, () => time.now());
    this.#endLives();
  }

  async close(): Promise<void> {
    this.#cancelRefresh();
    await this.#writeUses();
  }

  #all(): KeyRecord[] {
    return [...this.#stored, ...this.#given];
  }

  /** Whoever came in by a key that is not the same any more has to come again. */
  #endLives(): void {
    const now = this.#deps.time.now();
    const good = new Map(
      this.#all()
        .filter(({ expiresAt }) => (expiresAt ?? Number.POSITIVE_INFINITY) > now)
        .map((key) => [nameOf(key), key]),
    );
    for (const [name, { key, end }] of this.#lives) {
      const fresh = good.get(name);
      if (fresh !== undefined && isSame(key, fresh)) continue;
      this.#lives.delete(name);
      end.abort();
    }
    for (const [name, key] of good) {
      if (!this.#lives.has(name)) this.#lives.set(name, { key, end: new AbortController() });
    }
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
      this.#writeUses()
        .then(() => this.reload())
        .catch((error: unknown) =>
          this.#deps.logger.error("Could not read the keys again", { error: stackOf(error) }),
        )
        .finally(() => this.#schedule());
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

function nameOf({ kind, id }: KeyName): string {
  return `${kind} ${id}`;
}

function newSecret(kind: KeyRecord["kind"]): string {
  return randomToken(KEY_ROLES[kind === "client" ? "client" : "admin"].prefix);
}

/** Whether they let the same one in, to do the same. */
function isSame(a: KeyRecord, b: KeyRecord): boolean {
  return essenceOf(a) === essenceOf(b);
}

/** Made anew, since the store has members in another order, and `null` where others have none. */
function essenceOf({ hash, scopes, expiresAt, owner, access, callsPerMinute }: KeyRecord): string {
  const members = [expiresAt, owner, access, callsPerMinute].map((member) => member ?? null);
  return canonicalJson([hash, scopes, ...members]);
}

function notFound({ kind, id }: KeyName): AppError {
  return new AppError(
    "NOT_FOUND",
    `There is no ${kind === "client" ? "client" : "token"} "${id}".`,
  );
}
