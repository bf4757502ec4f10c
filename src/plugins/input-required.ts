import type { CallInput, InputRequest, InputRequired } from "../types/plugin.ts";

/**
 * Asks the person or the client for something before the tool goes on. Return it; the client repeats the call with
 * the answers in `call.input`, in whatever protocol revision it speaks.
 *
 * @param question `state` is any JSON value to remember until then: the client carries it sealed, for ten minutes
 */
export function inputRequired(question: {
  inputRequests?: Record<string, InputRequest>;
  state?: unknown;
}): InputRequired {
  return { resultType: "input_required", ...question };
}

/** A request for form input. `requestedSchema` is flat: strings, numbers, booleans and choices. */
export function elicit(message: string, requestedSchema: Record<string, unknown>): InputRequest {
  return { method: "elicitation/create", params: { mode: "form", message, requestedSchema } };
}

/** A request to visit an address, for what must not pass through the client, such as a login. */
export function elicitUrl(message: string, url: string): InputRequest {
  return { method: "elicitation/create", params: { mode: "url", message, url } };
}

/** A request that the client's model writes something. */
export function sample(params: Record<string, unknown>): InputRequest {
  return { method: "sampling/createMessage", params };
}

/** A request for the client's roots. */
export function listRoots(): InputRequest {
  return { method: "roots/list" };
}

/**
 * The content of the accepted form under `key`, or `null`: not asked yet, or `declined`. It comes from the client:
 * check its fields.
 */
export function accepted(
  input: CallInput | null | undefined,
  key: string,
): Record<string, unknown> | null {
  const answer = formAnswer(input, key);
  if (answer?.action !== "accept") return null;
  const { content } = answer;
  return typeof content === "object" && content !== null ? { ...content } : {};
}

/** Whether the person turned down the request under `key`, or closed it. To ask again would pester them. */
export function declined(input: CallInput | null | undefined, key: string): boolean {
  const action = formAnswer(input, key)?.action;
  return action === "decline" || action === "cancel";
}

function formAnswer(input: CallInput | null | undefined, key: string) {
  return input?.responses[key] as { action?: unknown; content?: unknown } | null | undefined;
}
