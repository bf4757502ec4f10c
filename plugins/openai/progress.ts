import type { CallContext } from "mcp-plugin-server/plugin";

const EVERY_SECONDS = 5;

/** Tells the client every five seconds that somebody is still at work, for as long as the task takes. */
export async function withProgress<T>(
  call: CallContext,
  message: string,
  task: () => Promise<T>,
): Promise<T> {
  let seconds = 0;
  const timer = setInterval(() => {
    seconds += EVERY_SECONDS;
    call.progress(seconds, undefined, `${message}: ${seconds} seconds`);
  }, EVERY_SECONDS * 1_000);
  try {
    return await task();
  } finally {
    clearInterval(timer);
  }
}
