import { createHash } from "node:crypto";
import type { Sha256, Time } from "../../src/index.ts";

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
