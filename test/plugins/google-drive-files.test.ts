import { describe, expect, it } from "vitest";
import { readFileReference } from "../../plugins/google-drive/file-reference.ts";
import { driveError, googleFile, shortcut, storedFile } from "./google-drive-answers.ts";
import { openGoogleDrive } from "./google-drive-host.ts";

const ID = "1AbC_d-EfG2hIjKlMnOpQrStUvWxYz";

describe("get_file", () => {
  it("answers what is known of a file, and asks for no more", async () => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(storedFile({ id: ID, description: "Of the meeting.", starred: true }));
    const { content, structuredContent } = await call("get_file", { file: ID });
    expect(structuredContent).toEqual({
      file: {
        id: ID,
        name: "Notes.txt",
        type: "text",
        mimeType: "text/plain",
        size: 5,
        createdTime: "2026-01-02T03:04:05.678Z",
        modifiedTime: "2026-07-01T12:00:00.000Z",
        description: "Of the meeting.",
        owners: ["ada@example.org"],
        lastModifiedBy: "grace@example.org",
        folders: ["folder-1"],
        link: `https://drive.google.com/file/d/${ID}/view`,
        starred: true,
        shared: true,
      },
    });
    expect(content[0].text).toBe(
      `Notes.txt (text, 2026-07-01T12:00:00.000Z) ${ID}\nhttps://drive.google.com/file/d/${ID}/view`,
    );
    expect(service.requests[0]?.url.searchParams.get("fields")).not.toMatch(
      /\*|md5|capabilities|permissions/,
    );
  });

  it("takes the least that Google says, and leaves out what it says wrongly", async () => {
    const { call, service } = await openGoogleDrive();
    service.reply(`GET /drive/v3/files/${ID}`, {
      body: { id: ID, name: 7, size: "many", owners: "Ada", parents: [1], trashed: "no" },
    });
    const { structuredContent } = await call("get_file", { file: ID });
    expect(structuredContent.file).toEqual({
      id: ID,
      name: "",
      type: "other",
      mimeType: "application/octet-stream",
    });
  });

  it("finds a file in a shared drive", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: ID, driveId: "drive-1", owners: undefined }));
    const { structuredContent } = await call("get_file", { file: ID });
    expect(structuredContent.file).toMatchObject({ id: ID, sharedDrive: "drive-1" });
  });

  it("says what to do when there is no such file", async () => {
    const { call } = await openGoogleDrive();
    await expect(call("get_file", { file: ID })).rejects.toMatchObject({
      name: "ToolError",
      message:
        "There is no such file, or the connected account may not see it. Check the id, or ask its owner to share it with the account.",
    });
  });
});

describe("a shortcut", () => {
  it("is followed to its file", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(shortcut("short-1", "file-1"), storedFile({ id: "file-1" }));
    const { structuredContent } = await call("get_file", { file: "short-1" });
    expect(structuredContent).toMatchObject({
      file: { id: "file-1", type: "text" },
      shortcut: { id: "short-1", name: "To notes" },
    });
  });

  it("hands on the key that its file needs, also for the contents", async () => {
    const { textOf, account, service } = await openGoogleDrive();
    account.files.push(
      shortcut("short-1", "file-1", { targetResourceKey: "0-key" }),
      storedFile({ id: "file-1" }),
    );
    account.keys.set("file-1", "0-key");
    account.contents.set("file-1", { bytes: "Hello" });
    expect(await textOf("read_file", { file: "short-1" })).toBe("Hello");
    expect(service.requests.map(({ headers }) => headers["x-goog-drive-resource-keys"])).toEqual([
      undefined,
      "file-1/0-key",
      "file-1/0-key",
    ]);
  });

  it.each([`0-key\r\nx-evil: 1`, "a,b/c", ""])("hands on no key that is none: %j", async (key) => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(
      shortcut("short-1", "file-1", { targetResourceKey: key }),
      storedFile({ id: "file-1" }),
    );
    await call("get_file", { file: "short-1" });
    expect(service.requests[1]?.headers["x-goog-drive-resource-keys"]).toBeUndefined();
    expect(service.requests[1]?.headers["x-evil"]).toBeUndefined();
  });

  it("says that its file has gone", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(shortcut("short-1", "file-1"));
    await expect(call("get_file", { file: "short-1" })).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringMatching(
        /^"To notes" is a shortcut, and what it leads to failed: There is no such file/,
      ),
    });
  });

  it("to a shortcut is not followed any further", async () => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(shortcut("short-1", "short-2"), shortcut("short-2", "short-1"));
    await expect(call("get_file", { file: "short-1" })).rejects.toThrow("leads nowhere");
    expect(service.requests).toHaveLength(2);
  });

  it("whose target is no id stays below the API", async () => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(shortcut("short-1", "../../evil?x=1#"));
    await expect(call("get_file", { file: "short-1" })).rejects.toThrow("There is no such file");
    expect(service.requests[1]?.url.pathname).toBe("/drive/v3/files/..%2F..%2Fevil%3Fx%3D1%23");
  });
});

describe("a reference to a file", () => {
  it.each([
    { text: ID, resourceKey: null },
    { text: `https://docs.google.com/document/d/${ID}/edit?tab=t.0`, resourceKey: null },
    { text: `https://docs.google.com/spreadsheets/d/${ID}/edit#gid=0`, resourceKey: null },
    { text: `https://docs.google.com/a/example.org/presentation/d/${ID}`, resourceKey: null },
    { text: `https://drive.google.com/file/d/${ID}/view?usp=sharing`, resourceKey: null },
    { text: `https://drive.google.com/open?id=${ID}`, resourceKey: null },
    { text: `https://drive.google.com/drive/u/1/folders/${ID}`, resourceKey: null },
    { text: `https://drive.google.com/file/d/${ID}/view?resourcekey=0-a_B`, resourceKey: "0-a_B" },
    { text: `https://drive.google.com/file/d/${ID}/view?resourcekey=a,b/c`, resourceKey: null },
  ])("may be $text", ({ text, resourceKey }) => {
    expect(readFileReference(text)).toEqual({ id: ID, resourceKey });
  });

  it.each([
    "",
    "a b",
    "a/../b",
    "..",
    "a?fields=*",
    "a%2Fb",
    "Ünï",
    "x".repeat(201),
    `https://evil.example/file/d/${ID}/view`,
    `https://drive.google.com.evil.example/file/d/${ID}`,
    "https://drive.google.com/drive/my-drive",
    "https://drive.google.com/open?id=a/b",
    "https://docs.google.com/document/d/e/2PACX-1vQ/pub",
    "https://drive.google.com/file/d/",
  ])("may not be %j", (text) => {
    expect(() => readFileReference(text)).toThrow("neither the id of a file in Google Drive nor");
  });

  it("that is none is refused without asking Google", async () => {
    const { call, service } = await openGoogleDrive();
    await expect(call("get_file", { file: "the notes" })).rejects.toThrow("neither the id");
    expect(service.requests).toEqual([]);
  });

  it("may be the root of My Drive", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(googleFile("folder", { id: "root", name: "My Drive" }));
    expect((await call("get_file", { file: "root" })).structuredContent.file.type).toBe("folder");
  });

  it("to what Google refuses as an id is told", async () => {
    const { call, service } = await openGoogleDrive();
    service.reply("GET /drive/v3/files/a", {
      status: 400,
      body: driveError(400, "invalid", "Bad id."),
    });
    await expect(call("get_file", { file: "a" })).rejects.toThrow(
      "Google Drive does not take this file id: Bad id.",
    );
  });
});
