/** The time, injected so that tests own it. */
export interface Time {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment. Never goes back, whatever somebody does to the clock: for how long something takes. */
  elapsed(): number;
  /** Runs `task` once after `ms`; the answer cancels it. A pending task never keeps a process alive. */
  after(ms: number, task: () => void): () => void;
}

/** HMAC-SHA-256 with a key that whoever gets it keeps, and its caller zeroes. For runtimes that have a quick one. */
export type HmacSha256 = (key: Uint8Array) => (bytes: Uint8Array) => Uint8Array;

/** SHA-256. Synchronous where the runtime can (Node), so that the hot path need not wait a turn. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
