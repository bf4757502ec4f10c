import { readRequestBody } from "@modelcontextprotocol/server";
import { ok, refuse, type Result } from "../util/result.ts";

/** Reads a request's body as text, refusing more than `maxBytes` without holding them. */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Result<string, "too-large" | "unreadable">> {
  const declared = request.headers.get("content-length");
  try {
    // A declared length is kept by the runtime's HTTP parser, so the body may be read in one go.
    if (declared !== null && /^\d{1,15}$/.test(declared)) {
      if (Number(declared) > maxBytes) return refuse("too-large");
      const text = await request.text();
      // Behind a parser that does not keep it, what was read is at least not used.
      return text.length > maxBytes ? refuse("too-large") : ok(text);
    }
    const read = await readRequestBody(request, maxBytes);
    return "text" in read ? ok(read.text) : refuse("too-large");
  } catch {
    return refuse("unreadable");
  }
}
