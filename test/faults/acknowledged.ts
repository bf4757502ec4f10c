import { messageOf, type CredentialId, type Owner } from "../../src/index.ts";

/** What a child says, a line each: that it begins a write, and how that ended. `null` is a deletion. */
export type Said =
  | { readonly begin: string; readonly value: string | null }
  | { readonly done: string }
  | { readonly failed: string; readonly code: string; readonly message: string }
  | { readonly ready: true }
  | { readonly got: string }
  | { readonly answered: true }
  | { readonly saved: true }
  | { readonly steps: readonly string[] }
  | { readonly tried: string; readonly outcome: string; readonly message: string };

/** Names a credential in what children say. */
export function keyOf({ owner, instanceId, name }: CredentialId): string {
  return `${instanceId} ${name} ${owner}`;
}

export function idOfKey(key: string): CredentialId {
  const [instanceId = "", name = "", ...owner] = key.split(" ");
  return { instanceId, name, owner: owner.join(" ") as Owner };
}

/** What may be in a store, judging by what was said of it: for each credential, the values that no fault explains away. */
export class Acknowledged {
  readonly #values = new Map<string, Set<string | null>>();
  readonly #begun = new Map<string, string | null>();
  writes = 0;
  deletions = 0;

  hear(said: Said): void {
    if ("begin" in said) {
      this.#begun.set(said.begin, said.value);
      this.#allowed(said.begin).add(said.value);
    } else if ("done" in said) {
      const value = this.#begun.get(said.done)!;
      if (value === null) this.deletions++;
      else this.writes++;
      this.#values.set(said.done, new Set([value]));
    }
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Whether a value is one that may be there. */
  allows(key: string, value: string | null): boolean {
    return this.#allowed(key).has(value);
  }

  /** Names what is not as it should be. What is there now is what has to be there from now on. */
  async compare(read: (key: string) => Promise<string | null>): Promise<string[]> {
    const wrong: string[] = [];
    for (const key of this.keys()) {
      const expected = this.#allowed(key);
      const value = await read(key).catch((error: unknown) => `no answer: ${messageOf(error)}`);
      if (!expected.has(value)) {
        wrong.push(`${key} is ${briefly(value)}, not ${[...expected].map(briefly).join(" or ")}`);
      }
      this.#values.set(key, new Set([value]));
    }
    return wrong;
  }

  #allowed(key: string): Set<string | null> {
    let values = this.#values.get(key);
    if (values === undefined) {
      values = new Set([null]);
      this.#values.set(key, values);
    }
    return values;
  }
}

function briefly(value: string | null): string {
  return value?.slice(0, 60) ?? "nothing";
}
