import { ToolError, z } from "mcp-plugin-server/plugin";
import { askJson } from "./ask.ts";
import { toCsv } from "./csv.ts";
import type { DriveContext } from "./settings.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_NAMES = 200;

const sheetsSchema = z.object({
  sheets: z.array(
    z.object({
      properties: z.object({
        title: z.string().min(1),
        /** `GRID`, or a chart and such, which has no cells. */
        sheetType: z.string().catch("GRID"),
      }),
    }),
  ),
});

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const valuesSchema = z.object({ values: z.array(z.array(cell)).optional() });

export interface SheetContents {
  /** As it is written there. */
  readonly title: string;
  readonly csv: string;
}

/**
 * One sheet of a spreadsheet, by its name. The Drive API exports the first one alone, so this asks the Sheets API.
 *
 * @throws ToolError with the names that there are, when this is none of them
 */
export async function readSheet(
  id: string,
  name: string,
  context: DriveContext,
): Promise<SheetContents> {
  const path = `spreadsheets/${encodeURIComponent(id)}`;
  const { sheets } = await askJson(
    { subject: "sheet", path, query: { fields: "sheets.properties(title,sheetType)" } },
    sheetsSchema,
    context,
  );
  const titles = sheets
    .filter(({ properties }) => properties.sheetType === "GRID")
    .map(({ properties }) => properties.title);
  const title = titles.find((it) => it === name) ?? titles.find((it) => isAlike(it, name));
  if (title === undefined) throw noSuchSheet(name, titles);
  const range = encodeURIComponent(`'${title.replaceAll("'", "''")}'`);
  const { values = [] } = await askJson(
    {
      subject: "sheet",
      path: `${path}/values/${range}`,
      query: { majorDimension: "ROWS", valueRenderOption: "FORMATTED_VALUE", fields: "values" },
      maxBytes: MAX_BYTES,
      tooLarge: () =>
        new ToolError(`The sheet "${title}" is too large to read. Open it in the browser instead.`),
    },
    valuesSchema,
    context,
  );
  return { title, csv: toCsv(values) };
}

function isAlike(title: string, name: string): boolean {
  return title.trim().toLowerCase() === name.trim().toLowerCase();
}

function noSuchSheet(name: string, titles: readonly string[]): ToolError {
  const known = titles.slice(0, MAX_NAMES);
  return new ToolError(
    `There is no sheet "${name}". There are: ${known.map((it) => `"${it}"`).join(", ")}.`,
    { data: { sheets: known } },
  );
}
