import { ok, refuse, type Result } from "./result.ts";

const MAX_TEMPLATE_CHARS = 2_048;
const MAX_EXPRESSIONS = 32;
const MAX_VARIABLES = 64;
const MAX_URI_CHARS = 8_192;
const OPERATORS = "+#./?&";
const NAME = /^[A-Za-z0-9_.%-]+(\*|:\d{1,4})?$/;

/**
 * A URI template in the form in which URIs are matched against it, in time proportional to the URI's length, whatever
 * the template: no regular expression is made of it.
 */
export interface UriTemplate {
  matches(uri: string): boolean;
  /**
   * The variables of a URI, percent-decoded, or `null` for a URI that the template does not describe. A value is as long
   * as it can be where the template leaves a choice.
   */
  read(uri: string): Record<string, string> | null;
}

/** Text that must stand there, or a variable and the characters that its value does not have. */
type Part = { readonly text: string } | { readonly name: string; readonly excludes: string };

/**
 * Reads an RFC 6570 template (`notes://{id}/text`). Values have one character at least. A simple one ends at "/", "?",
 * "#" and ",", an exploded one (`{ids*}`) may have ",", a query value ends at "&"; `{/path*}`, `{+path}` and `{#fragment}`
 * go on.
 */
export function parseUriTemplate(template: unknown): Result<UriTemplate, string> {
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
    const read = index % 2 === 0 ? toText(piece) : toVariables(piece);
    if (read === null) return refuse("is not an RFC 6570 template");
    parts.push(...read);
  }
  if (parts.filter((part) => "name" in part).length > MAX_VARIABLES) {
    return refuse(`has more than ${MAX_VARIABLES} variables`);
  }
  const walk = (uri: string) => (uri.length <= MAX_URI_CHARS ? reach(parts, uri) : null);
  return ok({
    matches: (uri) => walk(uri) !== null,
    read(uri) {
      const reached = walk(uri);
      return reached && decode(valuesOf(parts, uri, reached));
    },
  });
}

function toText(piece: string): Part[] | null {
  return /[{}]/.test(piece) ? null : [{ text: piece }];
}

function toVariables(expression: string): Part[] | null {
  const operator = expression !== "" && OPERATORS.includes(expression[0]!) ? expression[0]! : "";
  const names = expression.slice(operator.length).split(",");
  if (!names.every((name) => NAME.test(name))) return null;
  return names.flatMap((spec, index): Part[] => {
    const name = spec.replace(/[*:].*/, "");
    const simple = spec.endsWith("*") ? "/?#" : "/?#,";
    switch (operator) {
      case "?":
      case "&":
        return [{ text: `${index === 0 ? operator : "&"}${name}=` }, { name, excludes: "&" }];
      case "+":
      case "#":
        return [{ text: index > 0 ? "," : operator === "#" ? "#" : "" }, { name, excludes: "" }];
      case "/":
        return [{ text: "/" }, { name, excludes: spec.endsWith("*") ? "?#," : "/?#," }];
      default:
        return [{ text: operator || (index > 0 ? "," : "") }, { name, excludes: simple }];
    }
  });
}

/**
 * Follows every way through the URI at once: after each part, the places that it may end at. A place may be reached in
 * many ways and is looked at once. `null` when no way leads to the end.
 */
function reach(parts: readonly Part[], uri: string): Uint8Array[] | null {
  const reached = [new Uint8Array(uri.length + 1).fill(1, 0, 1)];
  for (const part of parts) {
    const from = reached.at(-1)!;
    const to = new Uint8Array(uri.length + 1);
    for (let at = 0; at <= uri.length; at++) {
      if ("text" in part) {
        if (from[at] && uri.startsWith(part.text, at)) to[at + part.text.length] = 1;
      } else if (at < uri.length && (from[at] || to[at]) && !part.excludes.includes(uri[at]!)) {
        to[at + 1] = 1;
      }
    }
    reached.push(to);
  }
  return reached.at(-1)![uri.length] === 1 ? reached : null;
}

/** Goes the way back from the end: each value begins at the last place where it may. */
function valuesOf(
  parts: readonly Part[],
  uri: string,
  reached: readonly Uint8Array[],
): [name: string, value: string][] {
  const values: [string, string][] = [];
  let end = uri.length;
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index]!;
    let begin = end - ("text" in part ? part.text.length : 1);
    if ("name" in part) {
      while (reached[index]![begin] !== 1) begin--;
      values.unshift([part.name, uri.slice(begin, end)]);
    }
    end = begin;
  }
  return values;
}

function decode(values: readonly [string, string][]): Record<string, string> | null {
  try {
    return Object.fromEntries(values.map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    return null;
  }
}
