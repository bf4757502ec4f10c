import type { Principal } from "../types/principal.ts";
import type { VaultActor } from "../types/vault.ts";

/** Calls that are named; of the others only the number is told. */
const MAX_NAMED = 8;

interface Call {
  readonly requestId: string;
  readonly principal: Principal;
}

/**
 * The calls that one plugin object serves right now. A method without parameters, such as `getCredential`, cannot know for
 * which of them it is called, so all of them stand in the audit record.
 */
export class CallsUnderWay {
  readonly #calls = new Set<Call>();

  /** Answers the way to say that the call has ended. */
  begin({ requestId, principal }: Call): () => void {
    const call = { requestId, principal };
    this.#calls.add(call);
    return () => void this.#calls.delete(call);
  }

  toDetail(): ReturnType<NonNullable<VaultActor["detail"]>> {
    const named = [...this.#calls].slice(0, MAX_NAMED);
    const principals = new Set(named.map(({ principal: { kind, id } }) => `${kind}:${id}`));
    return {
      calls: this.#calls.size,
      requests: named.map(({ requestId }) => requestId),
      principals: [...principals],
    };
  }
}
