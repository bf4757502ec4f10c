/** Reads the variables of an address that a template describes; `null` for another address. */
export type UriMatcher = (uri: string) => Record<string, string> | null;

/** Text that must stand there, or a variable and the characters that it does not have. */
type Part = { readonly text: string } | { readonly name: string; readonly excludes: string };

/**
 * Makes a matcher of an RFC 6570 template with `{name}` (a part without slashes) and `{+name}` (anything). A value has
 * one character at least, is percent-decoded, and is as long as it can be where that leaves a choice.
 *
 * The time to match is proportional to the address's length, whatever the template: no regular expression is made of it.
 *
 * @throws TypeError for any other expression
 */
export function parseUriTemplate(template: string): UriMatcher {
  const parts = template.split(/\{([^{}]*)\}/).map((piece, index): Part => {
    if (index % 2 === 1) return toVariable(piece, template);
    if (/[{}]/.test(piece)) throw new TypeError(`"${template}" has a brace without its twin.`);
    return { text: piece };
  });
  return (uri) => {
    const values = match(parts, uri);
    try {
      return values && Object.fromEntries(values.map(([k, v]) => [k, decodeURIComponent(v)]));
    } catch {
      return null;
    }
  };
}

function toVariable(expression: string, template: string): Part {
  const name = /^\+?([A-Za-z0-9_]+)$/.exec(expression)?.[1];
  if (name === undefined) {
    throw new TypeError(`"{${expression}}" in "${template}" is none of {name} and {+name}.`);
  }
  return { name, excludes: expression.startsWith("+") ? "" : "/?#" };
}

function match(parts: readonly Part[], uri: string): [name: string, value: string][] | null {
  // After each part, the places that it may end at: a place may be reached in many ways, and is looked at once.
  const reached: Uint8Array[] = [new Uint8Array(uri.length + 1).fill(1, 0, 1)];
  for (const part of parts) reached.push(advance(part, reached.at(-1)!, uri));
  if (reached.at(-1)![uri.length] !== 1) return null;

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

function advance(part: Part, from: Uint8Array, uri: string): Uint8Array {
  const to = new Uint8Array(uri.length + 1);
  for (let at = 0; at <= uri.length; at++) {
    if ("text" in part) {
      if (from[at] && uri.startsWith(part.text, at)) to[at + part.text.length] = 1;
    } else if (at < uri.length && (from[at] || to[at]) && !part.excludes.includes(uri[at]!)) {
      to[at + 1] = 1;
    }
  }
  return to;
}
