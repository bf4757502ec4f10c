const EVENT_STREAM = /^text\/event-stream\b/;

/**
 * The answer, whose event stream ends when its caller may no longer read it. An answer that is not a stream has been given
 * by then.
 */
export function endWith(response: Response, life: AbortSignal | null): Response {
  const isStream = EVENT_STREAM.test(response.headers.get("content-type") ?? "");
  if (life === null || response.body === null || !isStream) return response;
  const reader = response.body.getReader();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = () => {
          life.removeEventListener("abort", stop);
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
        const { done, value } = await reader.read();
        if (life.aborted) return;
        if (!done) return controller.enqueue(value);
        life.removeEventListener("abort", stop);
        controller.close();
      },
      async cancel(reason) {
        life.removeEventListener("abort", stop);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
