const EVENT_STREAM = /^text\/event-stream\b/;

/**
 * The answer, whose event stream ends when its caller may no longer read it. An answer that is not a stream has been given
 * by then.
 *
 * @param watch keeps an eye on `life` for as long as the stream is open; answers how to stop
 */
export function endWith(
  response: Response,
  life: AbortSignal | null,
  watch: () => () => void = () => () => {},
): Response {
  const isStream = EVENT_STREAM.test(response.headers.get("content-type") ?? "");
  if (life === null || response.body === null || !isStream) return response;
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
            controller.close();
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
