import type { SecretClientOptions } from "@azure/keyvault-secrets";

type Policy = NonNullable<SecretClientOptions["additionalPolicies"]>[number]["policy"];

const TOO_MANY_REQUESTS = 429;
const THROTTLED_MS = 500;

/**
 * Gives each request a limit of time, so that one that hangs is repeated as one that failed, and has a throttled one
 * repeated also when Key Vault did not say when. The SDK does neither.
 */
export function limitAttempts(ms: number): Policy {
  return {
    name: "limitAttempts",
    async sendRequest(request, next) {
      request.timeout = ms;
      try {
        const response = await next(request);
        if (response.status === TOO_MANY_REQUESTS && !response.headers.has("retry-after")) {
          response.headers.set("retry-after-ms", String(THROTTLED_MS));
        }
        return response;
      } catch (error) {
        const isOurs = error instanceof Error && error.name === "AbortError";
        if (!isOurs || request.abortSignal?.aborted) throw error;
        // The name and the code by which the SDK knows what is worth another attempt.
        const timeout = new Error(`There was no answer within ${ms} ms.`, { cause: error });
        throw Object.assign(timeout, { name: "RestError", code: "ETIMEDOUT" });
      }
    },
  };
}
