import { afterEach, beforeEach } from "vitest";

/**
 * Lets each test of a file fail that leaves a rejection unhandled, which would end a Node process. Of tests that run side
 * by side it is the one that ends first.
 */
export function refuseUnhandledRejections(): void {
  const reasons: unknown[] = [];
  const listen = (reason: unknown) => void reasons.push(reason);
  let running = 0;
  beforeEach(() => {
    if (running++ === 0) process.on("unhandledRejection", listen);
  });
  afterEach(async () => {
    await new Promise((resolve) => void setImmediate(resolve));
    if (--running === 0) process.off("unhandledRejection", listen);
    if (reasons.length > 0) {
      throw new AggregateError(reasons.splice(0), "Rejections were left unhandled");
    }
  });
}
