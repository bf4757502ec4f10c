/** What `String.fromCharCode` takes at once. */
const PART = 0x2000;

/** Not every runtime has it, and where it is, it is some hundred times as fast. */
interface WithBase64 {
  toBase64?(): string;
}

/** Base64 with padding, also of megabytes. */
export function toBase64(bytes: Uint8Array): string {
  const text = (bytes as WithBase64).toBase64?.();
  if (text !== undefined) return text;
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += PART) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + PART)));
  }
  return btoa(parts.join(""));
}

/** @throws Error for what is no base64 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
