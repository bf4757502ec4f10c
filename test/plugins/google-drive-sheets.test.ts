import { describe, expect, it } from "vitest";
import { toCsv } from "../../plugins/google-drive/csv.ts";
import { googleFile, rpcError } from "./google-drive-answers.ts";
import { openGoogleDrive } from "./google-drive-host.ts";

async function spreadsheet() {
  const drive = await openGoogleDrive();
  drive.account.files.push(googleFile("spreadsheet", { id: "file-1", name: "Budget" }));
  drive.account.sheets.set("file-1", [
    { title: "2025", values: [["a"]] },
    { title: "Ada's/Plan!", values: [["Item", "Cost"], ["Pens, red", "1.50 €"], ["Total"]] },
    { title: "Empty" },
    { title: "Chart", sheetType: "OBJECT" },
  ]);
  return drive;
}

describe("a sheet by its name", () => {
  it("is read as CSV", async () => {
    const { call, service } = await spreadsheet();
    const { content, structuredContent } = await call("read_file", {
      file: "file-1",
      sheet: "Ada's/Plan!",
    });
    const text = 'Item,Cost\r\n"Pens, red",1.50 €\r\nTotal,';
    expect(content).toEqual([{ type: "text", text }]);
    expect(structuredContent).toMatchObject({ mimeType: "text/csv", sheet: "Ada's/Plan!", text });
    expect(service.requests.slice(1).map(({ url }) => `${url.pathname}${url.search}`)).toEqual([
      "/v4/spreadsheets/file-1?fields=sheets.properties%28title%2CsheetType%29",
      "/v4/spreadsheets/file-1/values/'Ada''s%2FPlan!'?majorDimension=ROWS&valueRenderOption=FORMATTED_VALUE&fields=values",
    ]);
  });

  it("is found however it is written", async () => {
    const { call } = await spreadsheet();
    const args = { file: "file-1", sheet: " ada's/plan! " };
    expect((await call("read_file", args)).structuredContent.sheet).toBe("Ada's/Plan!");
  });

  it("may be empty", async () => {
    const { textOf } = await spreadsheet();
    expect(await textOf("read_file", { file: "file-1", sheet: "Empty" })).toBe(
      "(Nothing is in it.)",
    );
  });

  it.each(["2024", "Chart"])(
    "that has no cells or is not there is answered with those that are: %s",
    async (sheet) => {
      const { call } = await spreadsheet();
      await expect(call("read_file", { file: "file-1", sheet })).rejects.toMatchObject({
        name: "ToolError",
        message: `There is no sheet "${sheet}". There are: "2025", "Ada's/Plan!", "Empty".`,
        data: { sheets: ["2025", "Ada's/Plan!", "Empty"] },
      });
    },
  );

  it("needs the Sheets API, and says where it is switched on", async () => {
    const { call, service, host } = await spreadsheet();
    service.reply("GET /v4/spreadsheets/file-1", {
      status: 403,
      body: rpcError(403, "SERVICE_DISABLED", "Google Sheets API has not been used."),
    });
    await expect(call("read_file", { file: "file-1", sheet: "2025" })).rejects.toMatchObject({
      name: "ToolError",
      message:
        "The Google Sheets API is not switched on in the Google project of this server. Ask the server's administrator to enable it at https://console.cloud.google.com/apis/library/sheets.googleapis.com, and try again some minutes later.",
    });
    expect(host.serverLog[0]?.fields).toMatchObject({
      subject: "sheet",
      reason: "status 403, SERVICE_DISABLED",
    });
  });
});

describe("CSV", () => {
  it.each([
    { rows: [], csv: "" },
    { rows: [[]], csv: "" },
    { rows: [["a", 1, true, null, 0.5]], csv: "a,1,true,,0.5" },
    { rows: [["a"], [], ["b", "c"]], csv: "a,\r\n,\r\nb,c" },
    { rows: [['say "x"', "a,b", "l1\nl2", "r\r"]], csv: '"say ""x""","a,b","l1\nl2","r\r"' },
    { rows: [[" a ", "=1+1", "Ä"]], csv: " a ,=1+1,Ä" },
  ])("of $rows", ({ rows, csv }) => {
    expect(toCsv(rows)).toBe(csv);
  });
});
