import { createHash, createHmac, createSecretKey } from "node:crypto";
import type { HmacSha256, Sha256, Time } from "../../src/index.ts";

export const systemTime: Time = {
  now: Date.now,
  elapsed: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export const sha256: Sha256 = (bytes) =>
  new Uint8Array(createHash("sha256").update(bytes).digest());

/** Three times as fast as one in JavaScript. The key is held outside of JavaScript's memory. */
export const hmacSha256: HmacSha256 = (key) => {
  const held = createSecretKey(key);
  return (bytes) => createHmac("sha256", held).update(bytes).digest();
};
