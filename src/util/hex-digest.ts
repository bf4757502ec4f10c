import type { Sha256 } from "../types/runtime.ts";
import { toHex, utf8 } from "./bytes.ts";

/** The hash of a text, as secrets and schemas are kept and compared: lower-case hex. */
export async function hexDigest(sha256: Sha256, text: string): Promise<string> {
  return toHex(await sha256(utf8(text)));
}
