import { definePlugin, z } from "mcp-plugin-server/plugin";

const STEP = 10_000;

export default definePlugin({
  name: "primes",
  version: "1.0.0",
  description: "Counts prime numbers, slowly.",
  tools: {
    count: {
      description: "Counts the primes up to a number.",
      input: z.strictObject({ limit: z.int().min(2).max(100_000_000) }),
      output: z.object({ primes: z.int() }),
      annotations: { readOnlyHint: true, openWorldHint: false },
      timeoutMs: 10_000,
      handler: async ({ limit }, { call }) => {
        let primes = 0;
        for (let from = 2; from <= limit; from += STEP) {
          const to = Math.min(from + STEP - 1, limit);
          for (let n = from; n <= to; n++) if (isPrime(n)) primes += 1;
          call.progress(to, limit, `${primes} primes up to ${to}`);
          // Lets others have the thread, so that a cancellation can arrive.
          await new Promise((resolve) => setTimeout(resolve, 0));
          call.signal.throwIfAborted();
        }
        return { primes };
      },
    },
  },
});

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
