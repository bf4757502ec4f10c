import { AppError } from "../errors.ts";
import type { CallOutcome } from "../types/host.ts";
import type { CallInput, ClientInfo } from "../types/plugin.ts";
import type { Principal } from "../types/principal.ts";
import type { Time } from "../types/runtime.ts";
import { isJsonObject } from "../util/json-object.ts";
import { sleep } from "../util/sleep.ts";

/** How long a repeated call waits for the person, who may not be through with the provider yet. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 500;
const KEY = "connect";
/** Marks the state of our own question; it is sealed, so no client can make it. */
const MARK = "$connect";

/** What is known of the accounts of a caller. */
export interface ConnectDesk {
  /** An address that the caller's person opens to connect; `null` where they have no account of their own to connect. */
  linkFor(
    instanceId: string,
    principal: Principal,
  ): Promise<{ readonly url: string; readonly reason: string | null } | null>;
  isConnected(instanceId: string, principal: Principal): Promise<boolean>;
}

interface Asking {
  readonly instanceId: string;
  readonly principal: Principal;
  readonly client: ClientInfo;
}

/**
 * A call that failed because no account is connected becomes a question to the person: to open an address and connect one.
 * The client then repeats the call. Where a client shows no addresses, the address is in the text of the error.
 *
 * @see MCP 2026-07-28, client/elicitation, "URL mode"
 */
export class ConnectQuestion {
  readonly #desk: ConnectDesk;
  readonly #time: Time;

  constructor(desk: ConnectDesk, time: Time) {
    this.#desk = desk;
    this.#time = time;
  }

  /**
   * What of a repeated call's input is the plugin's, once the account is connected; why the call is not to be made, where
   * the person would not connect it.
   */
  async resume(
    input: CallInput | null,
    { instanceId, principal }: Asking,
    signal: AbortSignal | null,
  ): Promise<{ readonly input: CallInput | null } | { readonly refusal: CallOutcome }> {
    if (!isOurs(input)) return { input };
    const { state, responses } = input;
    const answer = responses[KEY];
    const action = isJsonObject(answer) ? answer["action"] : null;
    if (action === "decline" || action === "cancel") {
      return { refusal: toolError(`No account was connected to "${instanceId}".`) };
    }
    // The person agreed to open the address: that says nothing of when they are through.
    const until = this.#time.elapsed() + PATIENCE_MS;
    while (!(await this.#desk.isConnected(instanceId, principal))) {
      if (signal?.aborted === true || this.#time.elapsed() >= until) break;
      await sleep(this.#time, LOOK_EVERY_MS);
    }
    return { input: state[MARK] };
  }

  /**
   * The question, for a call that failed for want of an account; `null` when it failed for something else.
   *
   * @param input what the plugin had been told, for the call after the next
   */
  async ask(
    error: unknown,
    { instanceId, principal, client }: Asking,
    input: CallInput | null,
  ): Promise<CallOutcome | null> {
    if (!(error instanceof AppError) || error.code !== "NOT_CONNECTED") return null;
    const link = await this.#desk.linkFor(instanceId, principal);
    if (link === null) return null;
    const { url, reason } = link;
    const why = reason === null ? "" : ` The last connection ended: ${reason}.`;
    const message = `"${instanceId}" needs an account. Connect one, and it goes on.${why}`;
    if (!showsAddresses(client)) {
      return toolError(
        `"${instanceId}" needs an account.${why} Open ${url} within five minutes to connect one, and call again.`,
        { plugin: instanceId, connect: url },
      );
    }
    return {
      kind: "input-required",
      inputRequests: {
        [KEY]: { method: "elicitation/create", params: { mode: "url", message, url } },
      },
      state: { [MARK]: input },
    };
  }
}

function isOurs(
  input: CallInput | null,
): input is CallInput & { readonly state: { readonly [MARK]: CallInput | null } } {
  return input !== null && isJsonObject(input.state) && Object.hasOwn(input.state, MARK);
}

function showsAddresses({ capabilities }: ClientInfo): boolean {
  const { elicitation } = capabilities;
  return isJsonObject(elicitation) && isJsonObject(elicitation["url"]);
}

function toolError(message: string, data?: Record<string, unknown>): CallOutcome {
  return { kind: "tool-error", message, ...(data && { data }) };
}
