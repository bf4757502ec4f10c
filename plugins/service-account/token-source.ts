/** Tokens are replaced so long before they expire, or after nine tenths of a shorter life. */
const AHEAD_MS = 60_000;

export interface AccessToken {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface TokenSource {
  /**
   * A token that has not expired. However many ask at once, one is fetched; a caller who goes away leaves it to the
   * others. While a token is still good, nobody waits for the next one.
   *
   * @throws whatever `fetchToken` throws, or the signal's reason when it aborts
   */
  get(signal: AbortSignal): Promise<string>;
  /** Forgets a token that the service does not take any more. */
  discard(value: string): void;
}

/** @param fetchToken logs its failures itself */
export function createTokenSource(
  fetchToken: () => Promise<AccessToken>,
  now: () => number,
): TokenSource {
  let current: AccessToken | null = null;
  let pending: Promise<AccessToken> | null = null;

  const renew = (): Promise<AccessToken> => {
    pending ??= fetchToken()
      .then((token) => (current = token))
      .finally(() => (pending = null));
    return pending;
  };

  return {
    async get(signal) {
      signal.throwIfAborted();
      if (current !== null && now() < current.expiresAt) {
        const { value } = current;
        if (now() >= refreshAt(current)) void renew().catch(() => {});
        return value;
      }
      return (await untilAborted(renew(), signal)).value;
    },
    discard(value) {
      if (current?.value === value) current = null;
    },
  };
}

function refreshAt({ issuedAt, expiresAt }: AccessToken): number {
  return expiresAt - Math.min(AHEAD_MS, (expiresAt - issuedAt) / 10);
}

function untilAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
