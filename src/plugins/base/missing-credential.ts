import { ToolError } from "../tool-error.ts";

/** What the model is told when a credential is not there: what it is, and who can store it. */
export function missingCredential(
  pluginId: string,
  what: string,
  field: string,
  description: string,
): ToolError {
  return new ToolError(
    `"${pluginId}" has no ${what} yet. Ask the server's administrator to store it as the credential "${field}": ${description}`,
  );
}
