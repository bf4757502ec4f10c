/** Reads the variables of an address that a template describes; `null` for another address. */
export type UriMatcher = (uri: string) => Record<string, string> | null;

const EXPRESSION = /\{([^{}]*)\}/g;

/**
 * Makes a matcher of an RFC 6570 template with `{name}` (a part without slashes) and `{+name}` (anything).
 *
 * @throws TypeError for any other expression
 */
export function parseUriTemplate(template: string): UriMatcher {
  if (/[{}]/.test(template.replaceAll(EXPRESSION, ""))) {
    throw new TypeError(`"${template}" has a brace without its twin.`);
  }
  const names: string[] = [];
  let pattern = "";
  let end = 0;
  for (const { 0: whole, 1: expression = "", index } of template.matchAll(EXPRESSION)) {
    const name = /^\+?([A-Za-z0-9_]+)$/.exec(expression)?.[1];
    if (name === undefined) {
      throw new TypeError(`"${whole}" in "${template}" is none of {name} and {+name}.`);
    }
    names.push(name);
    pattern +=
      escape(template.slice(end, index)) + (expression.startsWith("+") ? "(.+)" : "([^/?#]+)");
    end = index + whole.length;
  }
  const regex = new RegExp(`^${pattern}${escape(template.slice(end))}$`);
  return (uri) => {
    const values = regex.exec(uri)?.slice(1);
    if (values === undefined) return null;
    try {
      const entries = values.map((value, at) => [names[at]!, decodeURIComponent(value)] as const);
      return Object.fromEntries(entries);
    } catch {
      return null;
    }
  };
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
