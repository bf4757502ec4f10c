import { tooLarge } from "./refusals.ts";

/**
 * Reads a body whole, and no further than it may be long.
 *
 * @throws AppError `OUTBOUND_TOO_LARGE`
 */
export async function readCapped(
  { body }: Pick<Response, "body">,
  maxBytes: number,
  host: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return join(parts, length);
    length += value.length;
    if (length > maxBytes) {
      // It may never end; nobody waits for that.
      void reader.cancel().catch(() => {});
      throw tooLarge(host, maxBytes);
    }
    parts.push(value);
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
