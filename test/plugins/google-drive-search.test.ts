import { describe, expect, it } from "vitest";
import { driveError, googleFile, shortcut, storedFile } from "./google-drive-answers.ts";
import { FILES, openGoogleDrive, type GoogleDrive } from "./google-drive-host.ts";

const sent = ({ service }: GoogleDrive) =>
  Object.fromEntries(service.requests.at(-1)!.url.searchParams);

describe("search_files", () => {
  it("answers what was found, short and whole", async () => {
    const drive = await openGoogleDrive();
    drive.account.files.push(
      storedFile({ id: "file-1" }),
      googleFile("spreadsheet", { id: "sheet-1", name: "Budget", driveId: "drive-1", owners: [] }),
      shortcut("short-1", "file-1"),
    );
    const { content, structuredContent } = await drive.call("search_files", { text: "notes" });
    expect(structuredContent).toEqual({
      files: [
        {
          id: "file-1",
          name: "Notes.txt",
          type: "text",
          mimeType: "text/plain",
          size: 5,
          modifiedTime: "2026-07-01T12:00:00.000Z",
          owners: ["ada@example.org"],
          folders: ["folder-1"],
          link: "https://drive.google.com/file/d/file-1/view",
        },
        {
          id: "sheet-1",
          name: "Budget",
          type: "spreadsheet",
          mimeType: "application/vnd.google-apps.spreadsheet",
          modifiedTime: "2026-07-01T12:00:00.000Z",
          folders: ["folder-1"],
          sharedDrive: "drive-1",
          link: "https://drive.google.com/file/d/sheet-1/view",
        },
        {
          id: "short-1",
          name: "To notes",
          type: "shortcut",
          mimeType: "application/vnd.google-apps.shortcut",
          modifiedTime: "2026-07-01T12:00:00.000Z",
          owners: ["ada@example.org"],
          folders: ["folder-1"],
          link: "https://drive.google.com/file/d/short-1/view",
          shortcutTo: { id: "file-1", type: "text" },
        },
      ],
    });
    expect(content).toEqual([
      {
        type: "text",
        text: [
          "Notes.txt (text, 2026-07-01T12:00:00.000Z) file-1",
          "Budget (spreadsheet, 2026-07-01T12:00:00.000Z) sheet-1",
          "To notes (shortcut, 2026-07-01T12:00:00.000Z) short-1",
        ].join("\n"),
      },
    ]);
  });

  it("looks into shared drives, leaves out the trash, and asks for little", async () => {
    const drive = await openGoogleDrive();
    await drive.call("search_files", { name: "plan" });
    expect(sent(drive)).toEqual({
      q: "name contains 'plan' and trashed = false",
      pageSize: "20",
      orderBy: "modifiedTime desc",
      corpora: "allDrives",
      includeItemsFromAllDrives: "true",
      supportsAllDrives: "true",
      fields: expect.stringMatching(/^nextPageToken,incompleteSearch,files\(id,name,[^*]+\)$/),
    });
  });

  it.each([
    { args: { text: "a" }, orderBy: undefined },
    { args: { query: "fullText contains 'a'" }, orderBy: undefined },
    { args: { query: "starred = true" }, orderBy: "modifiedTime desc" },
    { args: { orderBy: "name" }, orderBy: "name_natural" },
    { args: { orderBy: "created" }, orderBy: "createdTime desc" },
  ])("orders by $orderBy for $args, because Google sorts nothing by text", async (row) => {
    const drive = await openGoogleDrive();
    await drive.call("search_files", row.args);
    expect(sent(drive)["orderBy"]).toBe(row.orderBy);
  });

  it("looks into one shared drive alone when it is named", async () => {
    const drive = await openGoogleDrive();
    await drive.call("search_files", { sharedDrive: "0ABc-d_e" });
    expect(sent(drive)).toMatchObject({ corpora: "drive", driveId: "0ABc-d_e" });
  });

  it("takes a folder by its link, with the key that old links have", async () => {
    const drive = await openGoogleDrive();
    const folder = "https://drive.google.com/drive/u/0/folders/folder-1?resourcekey=0-key";
    await drive.call("search_files", { folder });
    expect(sent(drive)["q"]).toBe("'folder-1' in parents and trashed = false");
    expect(drive.service.requests[0]?.headers["x-goog-drive-resource-keys"]).toBe("folder-1/0-key");
  });

  it("finds what is in the trash when it is asked to, and says so", async () => {
    const drive = await openGoogleDrive();
    drive.account.files.push(storedFile({ id: "file-1", trashed: true }));
    expect(await drive.textOf("search_files")).toBe("Nothing found.");
    const answer = await drive.call("search_files", { includeTrashed: true });
    expect(answer.structuredContent.files).toMatchObject([{ id: "file-1", trashed: true }]);
    expect(answer.content[0].text).toContain("in the trash");
  });

  it("goes on page by page", async () => {
    const drive = await openGoogleDrive();
    for (const at of [1, 2, 3]) drive.account.files.push(storedFile({ id: `file-${at}` }));
    const first = await drive.call("search_files", { limit: 2 });
    expect(first.structuredContent).toMatchObject({
      files: [{ id: "file-1" }, { id: "file-2" }],
      nextPageToken: "page-2",
    });
    expect(first.content[0].text).toContain("(More with the page token page-2)");
    const second = await drive.call("search_files", { limit: 2, pageToken: "page-2" });
    expect(second.structuredContent.files.map(({ id }: { id: string }) => id)).toEqual(["file-3"]);
    expect(second.structuredContent).not.toHaveProperty("nextPageToken");
  });

  it("says when Google did not look everywhere, and when a page is empty but not the last", async () => {
    const drive = await openGoogleDrive();
    drive.service.reply(FILES, {
      body: { files: [], incompleteSearch: true, nextPageToken: "next" },
    });
    const { content, structuredContent } = await drive.call("search_files", { text: "a" });
    expect(structuredContent).toEqual({ files: [], nextPageToken: "next", incomplete: true });
    expect(content[0].text).toBe(
      "Nothing so far.\n(More with the page token next)\n(Google did not look everywhere.)",
    );
  });

  it("says what Google has against a query", async () => {
    const drive = await openGoogleDrive();
    drive.service.reply(FILES, { status: 400, body: driveError(400, "invalid", "Invalid Value") });
    await expect(drive.call("search_files", { query: "name = plan" })).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining("a query needs quotes around its values: Invalid Value."),
    });
  });

  it.each([
    { args: { text: "a", orderBy: "name" }, message: "leave out orderBy" },
    { args: { owner: "me", sharedDrive: "d" }, message: "have no owners" },
    { args: { folder: "My folder" }, message: "neither the id of a file" },
    { args: { folder: "https://evil.example/drive/folders/a" }, message: "neither the id" },
    { args: { modifiedAfter: "yesterday" }, message: "/modifiedAfter" },
    { args: { modifiedAfter: "2026-01-31T09:00" }, message: "/modifiedAfter" },
    { args: { modifiedAfter: "2026-13-31" }, message: "is not a date" },
    { args: { limit: 101 }, message: "/limit" },
    { args: { type: "docx" }, message: "/type" },
    { args: { sharedDrive: "a&b" }, message: "/sharedDrive" },
    { args: { words: "a" }, message: "Invalid arguments" },
  ])("refuses $args without asking Google", async ({ args, message }) => {
    const { call, service } = await openGoogleDrive();
    await expect(call("search_files", args)).rejects.toThrow(message);
    expect(service.requests).toEqual([]);
  });
});
