const EVENT_STREAM = /^text\/event-stream\b/;
/** What takes long, and has an end. */
const LONG = /^(application\/x-ndjson|text\/csv)\b/;

/**
 * The answer, which ends when its caller may no longer read it: a stream of events by its end, anything else that is long by
 * breaking off, since an end would say that it is whole. A short answer has been given by then.
 *
 * @param watch keeps an eye on `life` for as long as the stream is open; answers how to stop
 */
export function endWith(
  response: Response,
  life: AbortSignal | null,
  watch: () => () => void = () => () => {},
): Response {
  const type = response.headers.get("content-type") ?? "";
  const isEvents = EVENT_STREAM.test(type);
  if (life === null || response.body === null || !(isEvents || LONG.test(type))) return response;
  const reader = response.body.getReader();
  let stop = () => {};
  const unwatch = watch();
  const letGo = () => {
    life.removeEventListener("abort", stop);
    unwatch();
  };
  const readOrLetGo = async () => {
    try {
      return await reader.read();
    } catch (error) {
      letGo();
      throw error;
    }
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = () => {
          letGo();
          try {
            if (isEvents) controller.close();
            else controller.error(new Error("The caller may read no more."));
          } catch {
            // It has ended by itself.
          }
          void reader.cancel().catch(() => {});
        };
        if (life.aborted) stop();
        else life.addEventListener("abort", stop, { once: true });
      },
      async pull(controller) {
        const { done, value } = await readOrLetGo();
        if (life.aborted) return;
        if (!done) return controller.enqueue(value);
        letGo();
        controller.close();
      },
      async cancel(reason) {
        letGo();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
