/**
 * Zeroed bytes for a secret. A view over a buffer of its own, because small typed arrays otherwise lie in V8's heap, which
 * copies them when it collects garbage: zeroing the array leaves those copies behind. For the same reason use `subarray`
 * and not `slice` on secrets.
 */
export function allocateSecret(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}
