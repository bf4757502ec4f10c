import { describe, expect, it } from "vitest";
import { driveError, storedFile } from "./google-drive-answers.ts";
import { openGoogleDrive } from "./google-drive-host.ts";

const CHANGES = "GET /drive/v3/changes";
const TIME = "2026-07-01T12:00:00.000Z";

const changed = (id: string, more: Record<string, unknown> = {}) => ({
  kind: "drive#change",
  changeType: "file",
  time: TIME,
  removed: false,
  fileId: id,
  file: storedFile({ id }),
  ...more,
});

describe("list_changes", () => {
  it("begins with a token, goes on page by page, and ends with a token for later", async () => {
    const { call, account } = await openGoogleDrive();
    const start = await call("list_changes");
    expect(start.structuredContent).toEqual({ changes: [], newStartPageToken: "change-0" });
    expect(start.content[0].text).toBe("(Later changes with the page token change-0)");

    account.changes.push(changed("file-1"), changed("file-2"), changed("file-3"));
    const first = await call("list_changes", { pageToken: "change-0", limit: 2 });
    expect(first.structuredContent).toMatchObject({
      changes: [{ fileId: "file-1", file: { id: "file-1" } }, { fileId: "file-2" }],
      nextPageToken: "change-2",
    });
    expect(first.structuredContent).not.toHaveProperty("newStartPageToken");
    expect(first.content[0].text).toContain("(More with the page token change-2)");

    const last = await call("list_changes", { pageToken: "change-2", limit: 2 });
    expect(last.structuredContent).toMatchObject({
      changes: [{ fileId: "file-3" }],
      newStartPageToken: "change-3",
    });
    expect(last.structuredContent).not.toHaveProperty("nextPageToken");

    const none = await call("list_changes", { pageToken: "change-3" });
    expect(none.structuredContent).toEqual({ changes: [], newStartPageToken: "change-3" });
    expect(none.content[0].text).toBe(
      "Nothing has changed.\n(Later changes with the page token change-3)",
    );
  });

  it("tells files that are gone, in the trash, and shared drives", async () => {
    const { call, account } = await openGoogleDrive();
    account.changes.push(
      changed("file-1", { removed: true, file: undefined }),
      changed("file-2", { file: storedFile({ id: "file-2", trashed: true }) }),
      {
        changeType: "drive",
        time: TIME,
        removed: false,
        driveId: "drive-1",
        drive: { kind: "drive#drive", id: "drive-1", name: "Team" },
      },
    );
    const { content, structuredContent } = await call("list_changes", { pageToken: "change-0" });
    expect(structuredContent.changes).toMatchObject([
      { time: TIME, removed: true, fileId: "file-1" },
      { time: TIME, removed: false, file: { id: "file-2", trashed: true } },
      { time: TIME, removed: false, sharedDrive: { id: "drive-1", name: "Team" } },
    ]);
    expect(structuredContent.changes[0]).not.toHaveProperty("file");
    expect((content[0].text as string).split("\n").slice(0, 3)).toEqual([
      `${TIME} removed: file file-1`,
      `${TIME} changed: Notes.txt (text, ${TIME}, in the trash) file-2`,
      `${TIME} changed: shared drive Team drive-1`,
    ]);
  });

  it("includes shared drives, or looks at one alone, and asks for little", async () => {
    const { call, service } = await openGoogleDrive();
    await call("list_changes", { sharedDrive: "drive-1" });
    await call("list_changes", { pageToken: "change-0", sharedDrive: "drive-1" });
    expect(service.requests.map(({ url }) => Object.fromEntries(url.searchParams))).toEqual([
      { driveId: "drive-1", supportsAllDrives: "true", fields: "startPageToken" },
      {
        pageToken: "change-0",
        driveId: "drive-1",
        pageSize: "50",
        includeRemoved: "true",
        includeItemsFromAllDrives: "true",
        supportsAllDrives: "true",
        fields: expect.stringMatching(/^nextPageToken,newStartPageToken,changes\([^*]+\)$/),
      },
    ]);
  });

  it.each([
    { status: 400, reason: "invalid" },
    { status: 410, reason: "pageTokenExpired" },
  ])("says what to do about a token that Google does not take: $status", async (row) => {
    const { call, service } = await openGoogleDrive();
    service.reply(CHANGES, {
      status: row.status,
      body: driveError(row.status, row.reason, "Old."),
    });
    await expect(call("list_changes", { pageToken: "old" })).rejects.toMatchObject({
      name: "ToolError",
      message:
        "Google Drive does not take this page token. Call again without one, and keep the newStartPageToken that comes: Old.",
    });
  });

  it.each([
    { name: "no token to go on with", body: { changes: [] } },
    { name: "no list", body: { newStartPageToken: "a" } },
    { name: "a file without an id", body: { newStartPageToken: "a", changes: [{ file: {} }] } },
  ])("refuses an answer with $name", async ({ body }) => {
    const { call, service } = await openGoogleDrive();
    service.reply(CHANGES, { body });
    await expect(call("list_changes", { pageToken: "a" })).rejects.toThrow(
      "Google Drive answered something unexpected.",
    );
  });
});
