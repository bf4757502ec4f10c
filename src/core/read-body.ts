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
      return Number(declared) > maxBytes ? refuse("too-large") : ok(await request.text());
    }
    const read = await readRequestBody(request, maxBytes);
    return "text" in read ? ok(read.text) : refuse("too-large");
  } catch {
    return refuse("unreadable");
  }
}
