type Cell = string | number | boolean | null;

/** Rows as RFC 4180 has them, each as long as the longest, as Google exports them. */
export function toCsv(rows: readonly (readonly Cell[])[]): string {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return rows
    .map((row) => Array.from({ length: width }, (_, at) => toField(row[at])).join(","))
    .join("\r\n");
}

function toField(value: Cell | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
