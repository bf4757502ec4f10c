import { afterEach, beforeEach } from "vitest";

/** Lets each test of a file fail that leaves a rejection unhandled, which would end a Node process. */
export function refuseUnhandledRejections(): void {
  let reasons: unknown[] = [];
  const listen = (reason: unknown) => void reasons.push(reason);
  beforeEach(() => {
    reasons = [];
    process.on("unhandledRejection", listen);
  });
  afterEach(async () => {
    await new Promise((resolve) => void setImmediate(resolve));
    process.off("unhandledRejection", listen);
    if (reasons.length > 0) throw new AggregateError(reasons, "Rejections were left unhandled");
  });
}
