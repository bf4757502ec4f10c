/** A fenced block of a page, and the file that the comment above it names. */
export interface Fence {
  readonly language: string;
  readonly line: number;
  readonly code: string;
  readonly file: string | null;
}

const MARKER = /^<!-- example: (\S+) -->$/;

export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w*)$/.exec(lines[at]!)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    const code = lines.slice(at + 1, end).join("\n");
    fences.push({
      language,
      line: at + 1,
      code,
      file: MARKER.exec(lines[at - 1] ?? "")?.[1] ?? null,
    });
    at = end;
  }
  return fences;
}

/** Whether the code stands in the text, as whole lines that may all be indented by the same number of spaces. */
export function containsCode(text: string, code: string): boolean {
  const lines = text.split("\n");
  const wanted = code.split("\n");
  return lines.some((first, at) => {
    const indent = first.slice(0, first.length - first.trimStart().length);
    return wanted.every(
      (line, offset) => lines[at + offset] === (line === "" ? "" : indent + line),
    );
  });
}

/** The `#names` that a page's headings have on GitHub. */
export function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

export function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}
