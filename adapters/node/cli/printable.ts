/** What would move a terminal's cursor or colour its text is shown as it is written in JSON. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => String.raw`\u${char.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}
