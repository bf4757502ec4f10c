import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { CompletionRequest } from "../types/plugin.ts";
import type { CallRun } from "./plugin-run.ts";
import type { Catalog } from "./tool-catalog.ts";

/** What a client asks by `completion/complete`. */
export interface CompletionParams {
  readonly ref:
    | { readonly type: "ref/prompt"; readonly name: string }
    | { readonly type: "ref/resource"; readonly uri: string };
  readonly argument: { readonly name: string; readonly value: string };
  readonly context?: { readonly arguments?: Record<string, string> | undefined } | undefined;
}

/**
 * Whom to ask for values of an argument, and what, by the names of the plugin itself.
 *
 * @throws ProtocolError for a prompt or a template that the catalog does not have
 */
export function findCompletion(
  { ref, argument, context }: CompletionParams,
  { prompts, templates }: Catalog,
): { readonly run: CallRun; readonly request: CompletionRequest } {
  const asked = { argument, context: context?.arguments ?? {} };
  if (ref.type === "ref/prompt") {
    const prompt = prompts.get(ref.name);
    if (prompt === undefined) throw unknownReference(ref.name);
    return {
      run: prompt.run,
      request: { ref: { type: "prompt", name: prompt.ownName }, ...asked },
    };
  }
  const template = templates.find(({ uriTemplate }) => uriTemplate === ref.uri);
  if (template === undefined) throw unknownReference(ref.uri);
  const { run, uriTemplate } = template;
  return { run, request: { ref: { type: "resource", uriTemplate }, ...asked } };
}

function unknownReference(name: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown reference: ${name}`);
}
