type Listener = EventListenerOrEventListenerObject | null;

/**
 * Makes a signal whose listeners may throw: `report` hears of it, the other listeners run on. Without this, what a
 * plugin's listener throws at a client's hang-up is an exception that nobody catches, and ends the process.
 */
export function guardListeners(signal: AbortSignal, report: (error: unknown) => void): AbortSignal {
  const guarded = new WeakMap<object, (event: Event) => void>();
  const guard = (listener: NonNullable<Listener>): ((event: Event) => void) => {
    const known = guarded.get(listener);
    if (known !== undefined) return known;
    const call = (event: Event) => {
      try {
        if (typeof listener === "function") listener.call(signal, event);
        else listener.handleEvent(event);
      } catch (error) {
        report(error);
      }
    };
    guarded.set(listener, call);
    return call;
  };
  let onAbort: Listener = null;
  return Object.defineProperties(signal, {
    addEventListener: {
      value: (type: string, listener: Listener, options?: AddEventListenerOptions | boolean) =>
        EventTarget.prototype.addEventListener.call(
          signal,
          type,
          listener && guard(listener),
          options,
        ),
    },
    removeEventListener: {
      value: (type: string, listener: Listener, options?: EventListenerOptions | boolean) =>
        EventTarget.prototype.removeEventListener.call(
          signal,
          type,
          listener && guard(listener),
          options,
        ),
    },
    onabort: {
      get: () => onAbort,
      set(listener: Listener) {
        if (onAbort !== null) signal.removeEventListener("abort", onAbort);
        onAbort = listener;
        if (listener !== null) signal.addEventListener("abort", listener);
      },
    },
  });
}
