/** As many as a call takes as arguments. */
const CHUNK = 8_192;

export function toBase64(bytes: Uint8Array): string {
  return btoa(toBinary(bytes));
}

/** Line breaks do not matter. @throws DOMException for what is none */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return fromBinary(atob(text));
}

/** The same bytes with one ASCII text in place of another. */
export function replaceInBytes(
  bytes: Uint8Array<ArrayBuffer>,
  find: string,
  replacement: string,
): Uint8Array<ArrayBuffer> {
  // Quick to tell, and nearly always so.
  if (!new TextDecoder().decode(bytes).includes(find)) return bytes;
  return fromBinary(toBinary(bytes).replaceAll(find, replacement));
}

/** One character a byte. */
function toBinary(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}

function fromBinary(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
