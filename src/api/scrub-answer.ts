import type { Scrubber } from "../types/scrubber.ts";
import { utf8 } from "../util/bytes.ts";
import { parseJson } from "../util/parse-json.ts";
import { problem } from "./problem.ts";

const JSON_TEXT = /^application\/(?:[a-z]+\+)?json\b/;
const JSON_LINES = /^application\/x-ndjson\b/;

/**
 * The answer without the secrets that the scrubber knows: JSON as a whole, JSON lines one by one, since each of them is one
 * text. What is no JSON any more then is not sent. Other types pass: a backup is sealed, and must arrive as it is.
 */
export async function scrubAnswer(
  response: Response,
  scrubber: Scrubber,
  requestId: string,
): Promise<Response> {
  const type = response.headers.get("content-type") ?? "";
  if (response.body === null || scrubber.isEmpty) return response;
  if (JSON_LINES.test(type)) {
    return new Response(response.body.pipeThrough(scrubLines(scrubber)), response);
  }
  if (!JSON_TEXT.test(type)) return response;
  const text = await response.text();
  const clean = scrubber.scrub(text);
  if (clean !== text && parseJson(clean) === undefined) return problem("INTERNAL", requestId);
  return new Response(clean, response);
}

function scrubLines(scrubber: Scrubber): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const text = rest + decoder.decode(chunk, { stream: true });
      const end = text.lastIndexOf("\n") + 1;
      rest = text.slice(end);
      if (end > 0) controller.enqueue(utf8(scrubber.scrub(text.slice(0, end))));
    },
    flush(controller) {
      if (rest !== "") controller.enqueue(utf8(scrubber.scrub(rest + decoder.decode())));
    },
  });
}
