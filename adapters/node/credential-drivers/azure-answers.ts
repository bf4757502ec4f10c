import { messageOf } from "../../../src/index.ts";

/**
 * What a refusal of Key Vault says of a name: nothing is there, it was deleted and can be recovered, it is being deleted or
 * recovered just now, or one may not do this.
 */
export type AzureState = "absent" | "deleted" | "busy" | "denied";

/** `null` for an error that is not about the name. */
export function azureState(error: unknown): AzureState | null {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return null;
  switch (error.statusCode) {
    case 404:
      return "absent";
    case 403:
      return "denied";
    case 409:
      return /but recoverable/i.test(messageOf(error)) ? "deleted" : "busy";
    default:
      return null;
  }
}
