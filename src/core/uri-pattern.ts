import { ok, refuse, type Result } from "../util/result.ts";

const MAX_TEMPLATE_CHARS = 2_048;
const MAX_EXPRESSIONS = 32;
const MAX_URI_CHARS = 8_192;
const OPERATORS = "+#./?&";
const NAME = /^[A-Za-z0-9_.%-]+(\*|:\d{1,4})?$/;

/** A URI template in the form in which URIs are matched against it. */
export interface UriPattern {
  /** In time proportional to the URI's length, whatever the template: no regular expression is made of it. */
  matches(uri: string): boolean;
}

/** Text that must stand there, or the characters that one value may consist of. */
type Part = string | { readonly excludes: string };

/**
 * Reads an RFC 6570 template (`notes://{id}/text`). Values have one character at least. A simple one ends at "/" and
 * ",", an exploded one (`{ids*}`) at "/", a query value at "&"; `{/path*}`, `{+path}` and `{#fragment}` go on.
 */
export function parseUriTemplate(template: unknown): Result<UriPattern, string> {
  if (typeof template !== "string" || template === "") return refuse("is not a text");
  if (template.length > MAX_TEMPLATE_CHARS) {
    return refuse(`is longer than ${MAX_TEMPLATE_CHARS} characters`);
  }
  const pieces = template.split(/\{([^{}]*)\}/);
  if (pieces.length > 2 * MAX_EXPRESSIONS) {
    return refuse(`has more than ${MAX_EXPRESSIONS} expressions`);
  }
  const parts: Part[] = [];
  for (const [index, piece] of pieces.entries()) {
    const read = index % 2 === 0 ? toText(piece) : toExpression(piece);
    if (read === null) return refuse("is not an RFC 6570 template");
    parts.push(...read);
  }
  return ok({ matches: (uri) => uri.length <= MAX_URI_CHARS && matches(parts, uri) });
}

function toText(piece: string): Part[] | null {
  if (/[{}]/.test(piece)) return null;
  return piece === "" ? [] : [piece];
}

function toExpression(expression: string): Part[] | null {
  const operator = expression !== "" && OPERATORS.includes(expression[0]!) ? expression[0]! : "";
  const names = expression.slice(operator.length).split(",");
  if (!names.every((name) => NAME.test(name))) return null;
  return names.flatMap((name, index): Part[] => {
    switch (operator) {
      case "?":
      case "&":
        return [`${index === 0 ? operator : "&"}${nameOf(name)}=`, { excludes: "&" }];
      case "+":
      case "#":
        return [index > 0 ? "," : operator === "#" ? "#" : "", { excludes: "" }];
      case "/":
        return ["/", { excludes: name.endsWith("*") ? "," : "/," }];
      default:
        return [operator || (index > 0 ? "," : ""), { excludes: name.endsWith("*") ? "/" : "/," }];
    }
  });
}

function nameOf(variable: string): string {
  return variable.replace(/[*:].*/, "");
}

/** Follows every way through the URI at once: the places where one part may end are where the next may begin. */
function matches(parts: readonly Part[], uri: string): boolean {
  let places = new Uint8Array(uri.length + 1);
  places[0] = 1;
  for (const part of parts) {
    const next = new Uint8Array(uri.length + 1);
    for (let at = 0; at <= uri.length; at++) {
      if (typeof part === "string") {
        if (places[at] && uri.startsWith(part, at)) next[at + part.length] = 1;
      } else if (at < uri.length && (places[at] || next[at]) && !part.excludes.includes(uri[at]!)) {
        next[at + 1] = 1;
      }
    }
    places = next;
  }
  return places[uri.length] === 1;
}
