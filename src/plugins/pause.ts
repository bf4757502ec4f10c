/**
 * Waits before another try, for as long as the call goes on.
 *
 * @param ms milliseconds
 * @throws the signal's reason when it aborts
 */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    // oxlint-disable-next-line eslint/no-restricted-globals -- a plugin's own wait, where the plugin runs
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}
