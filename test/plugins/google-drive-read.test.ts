import { describe, expect, it } from "vitest";
import { driveError, googleFile, storedFile } from "./google-drive-answers.ts";
import { openGoogleDrive } from "./google-drive-host.ts";

const MIB = 1024 * 1024;
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255]);

describe("read_file of Google's own documents", () => {
  it.each([
    { type: "document", args: {}, mimeType: "text/markdown" },
    { type: "document", args: { format: "markdown" }, mimeType: "text/markdown" },
    { type: "document", args: { format: "text" }, mimeType: "text/plain" },
    { type: "presentation", args: {}, mimeType: "text/plain" },
    { type: "script", args: {}, mimeType: "application/vnd.google-apps.script+json" },
  ])("exports a $type as $mimeType", async ({ type, args, mimeType }) => {
    const { call, account, service, inits } = await openGoogleDrive();
    account.files.push(googleFile(type, { id: "file-1" }));
    account.contents.set("file-1", { bytes: "\uFEFF# Größe\r\n", type: mimeType });
    const { content, structuredContent } = await call("read_file", { file: "file-1", ...args });
    expect(content).toEqual([{ type: "text", text: "# Größe\r\n" }]);
    expect(structuredContent).toMatchObject({
      file: { id: "file-1", type },
      mimeType,
      text: "# Größe\r\n",
      totalChars: 9,
    });
    expect(structuredContent).not.toHaveProperty("nextOffset");
    const { pathname, searchParams } = service.requests[1]!.url;
    expect(pathname).toBe("/drive/v3/files/file-1/export");
    expect([...searchParams]).toEqual([["mimeType", mimeType]]);
    expect(inits[1]).toMatchObject({ redirect: "refuse", maxBytes: 16 * MIB, timeoutMs: 30_000 });
  });

  it("exports the first sheet of a spreadsheet, and says that it is the first", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(googleFile("spreadsheet", { id: "file-1" }));
    account.contents.set("file-1", { bytes: "a,b\r\n1,2", type: "text/csv" });
    const { content, structuredContent } = await call("read_file", { file: "file-1" });
    expect(structuredContent).toMatchObject({ mimeType: "text/csv", text: "a,b\r\n1,2" });
    expect(content.map(({ text }) => text as string)).toEqual([
      "a,b\r\n1,2",
      "(This is the first sheet. Others can be had by their names, with sheet.)",
    ]);
  });

  it("draws a drawing", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(googleFile("drawing", { id: "file-1" }));
    account.contents.set("file-1", { bytes: PNG, type: "image/png" });
    const { content, structuredContent } = await call("read_file", { file: "file-1" });
    expect(content).toEqual([
      { type: "image", data: Buffer.from(PNG).toString("base64"), mimeType: "image/png" },
    ]);
    expect(structuredContent).toMatchObject({ mimeType: "image/png", byteLength: 10 });
    expect(structuredContent).not.toHaveProperty("text");
  });

  it("says of a folder how to see what is in it", async () => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(googleFile("folder", { id: "file-1", name: "Plans" }));
    await expect(call("read_file", { file: "file-1" })).rejects.toMatchObject({
      name: "ToolError",
      message: '"Plans" is a folder. Call search_files with folder "file-1" to see what is in it.',
    });
    expect(service.requests).toHaveLength(1);
  });

  it.each(["form", "site", "map", "vid", "drive-sdk.123"])(
    "says of a %s that it has no export",
    async (type) => {
      const { call, account, service } = await openGoogleDrive();
      account.files.push(googleFile(type, { id: "file-1", name: "X" }));
      await expect(call("read_file", { file: "file-1" })).rejects.toThrow(
        `"X" cannot be read: Google exports nothing of the type application/vnd.google-apps.${type}. In the browser it opens at https://drive.google.com/file/d/file-1/view`,
      );
      expect(service.requests).toHaveLength(1);
    },
  );

  it.each([
    { args: { format: "text" }, type: "spreadsheet", message: "format is for Google documents" },
    { args: { sheet: "A" }, type: "document", message: "sheet is for Google spreadsheets" },
  ])("refuses $args for a $type", async ({ args, type, message }) => {
    const { call, account } = await openGoogleDrive();
    account.files.push(googleFile(type, { id: "file-1" }));
    await expect(call("read_file", { file: "file-1", ...args })).rejects.toThrow(message);
  });

  it("says when Google finds one too large to export", async () => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(googleFile("document", { id: "file-1" }));
    service.reply("GET /drive/v3/files/file-1/export", {
      status: 403,
      body: driveError(403, "exportSizeLimitExceeded", "This file is too large to be exported."),
    });
    await expect(call("read_file", { file: "file-1" })).rejects.toThrow(
      "This file is too large to read: Google exports 10 MB at most.",
    );
  });
});

describe("read_file of other files", () => {
  it.each([
    "text/plain",
    "text/csv",
    "application/json",
    "application/ld+json",
    "application/xml",
    "application/x-yaml",
    "application/x-sh",
    "application/javascript",
    "image/svg+xml",
    "application/octet-stream",
  ])("reads %s as text", async (mimeType) => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1", mimeType }));
    account.contents.set("file-1", { bytes: "Größe 🎉", type: "application/octet-stream" });
    const { structuredContent } = await call("read_file", { file: "file-1" });
    expect(structuredContent).toMatchObject({ mimeType, text: "Größe 🎉", totalChars: 8 });
    expect(Object.fromEntries(service.requests[1]!.url.searchParams)).toEqual({
      alt: "media",
      supportsAllDrives: "true",
    });
  });

  it.each([
    { name: "UTF-8 with a mark", bytes: Buffer.from("\uFEFFGröße"), type: "text/plain" },
    { name: "UTF-16", bytes: Buffer.from("\uFEFFGröße", "utf16le"), type: "text/plain" },
    {
      name: "UTF-16, the other way round",
      bytes: Buffer.from("\uFEFFGröße", "utf16le").swap16(),
      type: "text/plain",
    },
    { name: "Windows' own", bytes: Buffer.from("Größe", "latin1"), type: "text/plain" },
    {
      name: "what the answer says",
      bytes: Buffer.from([0x47, 0x72, 0x94, 0xe1, 0x65]),
      type: 'text/plain; charset="ibm866"',
      text: "GrФсe",
    },
    {
      name: "what nobody knows",
      bytes: Buffer.from("Größe", "latin1"),
      type: "text/plain; charset=martian",
    },
  ])("understands $name", async ({ bytes, type, text }) => {
    const { textOf, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1" }));
    account.contents.set("file-1", { bytes, type });
    expect(await textOf("read_file", { file: "file-1" })).toBe(text ?? "Größe");
  });

  it.each([
    { mimeType: "application/pdf", block: "resource" },
    { mimeType: "application/octet-stream", block: "resource" },
    { mimeType: "image/png", block: "image" },
    { mimeType: "audio/mpeg", block: "audio" },
  ])("answers $mimeType in base64, as a block of type $block", async ({ mimeType, block }) => {
    const { call, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1", mimeType }));
    account.contents.set("file-1", { bytes: PNG });
    const blob = Buffer.from(PNG).toString("base64");
    const { content, structuredContent } = await call("read_file", { file: "file-1" });
    expect(content).toEqual([
      block === "resource"
        ? {
            type: "resource",
            resource: { uri: "google-drive://drive/files/file-1", mimeType, blob },
          }
        : { type: block, data: blob, mimeType },
    ]);
    expect(structuredContent).toMatchObject({ mimeType, byteLength: 10 });
  });

  it("fits 2 MiB into one result, and refuses more before it is loaded", async () => {
    const { call, account, service } = await openGoogleDrive();
    const bytes = new Uint8Array(2 * MIB).map((_, at) => at % 251);
    account.files.push(
      storedFile({ id: "file-1", mimeType: "video/mp4", size: String(2 * MIB) }),
      storedFile({ id: "file-2", name: "Film.mp4", mimeType: "video/mp4", size: "2621440" }),
    );
    account.contents.set("file-1", { bytes });
    const answer = await call("read_file", { file: "file-1" });
    expect(answer.content[0].resource.blob).toBe(Buffer.from(bytes).toString("base64"));
    expect(JSON.stringify(answer).length).toBeLessThan(4 * MIB);
    await expect(call("read_file", { file: "file-2" })).rejects.toMatchObject({
      name: "ToolError",
      message:
        '"Film.mp4" of 2.5 MiB is too large: of files that are no text at most 2 MiB can be read. In the browser it opens at https://drive.google.com/file/d/file-2/view',
    });
    expect(service.requests).toHaveLength(3);
  });

  it("refuses a text of more than 10 MiB before it is loaded", async () => {
    const { call, account, service } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1", name: "Log", size: String(10 * MIB + 1) }));
    await expect(call("read_file", { file: "file-1" })).rejects.toThrow(
      '"Log" of 10.1 MiB is too large: of texts at most 10 MiB can be read.',
    );
    expect(service.requests).toHaveLength(1);
  });

  it("refuses what turns out to be no text and too large", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1", mimeType: "application/octet-stream" }));
    account.contents.set("file-1", { bytes: new Uint8Array(2 * MIB + 1) });
    await expect(call("read_file", { file: "file-1" })).rejects.toThrow("files that are no text");
  });

  it("does not believe a size that is not so", async () => {
    const { call, account, inits } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1", mimeType: "video/mp4", size: "5" }));
    account.contents.set("file-1", { bytes: new Uint8Array(2 * MIB + 1) });
    await expect(call("read_file", { file: "file-1" })).rejects.toThrow(
      '"Notes.txt" is too large: of files that are no text at most 2 MiB can be read.',
    );
    expect(inits[1]?.maxBytes).toBe(2 * MIB);
  });

  it("reads an empty file", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1", size: "0" }));
    account.contents.set("file-1", { bytes: "" });
    const { content, structuredContent } = await call("read_file", { file: "file-1" });
    expect(structuredContent).toMatchObject({ text: "", totalChars: 0 });
    expect(content).toEqual([{ type: "text", text: "(Nothing is in it.)" }]);
  });

  it("reads a long text in pieces that together are the text", async () => {
    const { call, account } = await openGoogleDrive();
    // The pairs of each emoji lie across every border.
    const whole = `x${"🎉".repeat(1_600)}`;
    account.files.push(storedFile({ id: "file-1" }));
    account.contents.set("file-1", { bytes: whole });
    const pieces: string[] = [];
    let offset: number | undefined = 0;
    while (offset !== undefined) {
      const args: Record<string, unknown> = { file: "file-1", maxChars: 1_000, offset };
      const { structuredContent } = await call("read_file", args);
      pieces.push(structuredContent.text as string);
      expect(structuredContent.totalChars).toBe(whole.length);
      offset = structuredContent.nextOffset as number | undefined;
    }
    expect(pieces.map(({ length }) => length)).toEqual([999, 1_000, 1_000, 202]);
    expect(pieces.join("")).toBe(whole);
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  });

  it("says in words that there is more", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1" }));
    account.contents.set("file-1", { bytes: "a".repeat(50_001) });
    const { content } = await call("read_file", { file: "file-1" });
    expect(content[1].text).toBe(
      "(Characters 0 to 50000 of 50001. Call again with offset 50000 for more.)",
    );
    await expect(call("read_file", { file: "file-1", offset: 50_001 })).rejects.toThrow(
      "The text has 50001 characters, and ends before the offset.",
    );
  });

  it("fits the longest piece of the worst text into one result", async () => {
    const { call, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1" }));
    account.contents.set("file-1", { bytes: "\u0001".repeat(200_001) });
    const answer = await call("read_file", { file: "file-1", maxChars: 200_000 });
    expect(answer.structuredContent.nextOffset).toBe(200_000);
    expect(JSON.stringify(answer).length).toBeLessThan(4 * MIB);
  });

  it.each([
    { reason: "cannotDownloadFile", message: "does not let its readers download it" },
    { reason: "cannotDownloadAbusiveFile", message: "malware or spam" },
    { reason: "downloadQuotaExceeded", message: "Try again in 24 hours." },
    { reason: "insufficientFilePermissions", message: "Ask its owner to share it" },
  ])("says what to do about $reason", async ({ reason, message }) => {
    const { call, service } = await openGoogleDrive();
    service.reply("GET /drive/v3/files/file-1", {
      status: 403,
      body: driveError(403, reason),
    });
    await expect(call("read_file", { file: "file-1" })).rejects.toThrow(message);
    expect(service.requests).toHaveLength(1);
  });
});
