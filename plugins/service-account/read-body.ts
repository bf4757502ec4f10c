import { parseJson, UnexpectedAnswer, type ServiceAnswer } from "./request.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
/** A page of HTML is for people with a browser, and most often a login. */
const TEXT_TYPE = /^(?:text\/(?!html)[\w.+-]+|application\/(?:[\w.-]+\+)?(?:xml|yaml))$/;

/**
 * JSON, a text, or `null` for nothing, without the secret.
 *
 * @throws UnexpectedAnswer for anything else
 */
export function readBody({ mediaType, text }: ServiceAnswer, secret: string): unknown {
  if (text.trim() === "") return null;
  if (TEXT_TYPE.test(mediaType)) return text;
  if (mediaType !== "" && !JSON_TYPE.test(mediaType)) {
    throw new UnexpectedAnswer("neither JSON nor text");
  }
  const body = parseJson(text, secret);
  if (body === undefined) throw new UnexpectedAnswer("not JSON");
  return body;
}
