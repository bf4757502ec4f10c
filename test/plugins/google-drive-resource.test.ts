import { describe, expect, it } from "vitest";
import { googleFile, shortcut, storedFile } from "./google-drive-answers.ts";
import { openGoogleDrive } from "./google-drive-host.ts";

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255]);

describe("the resource of a file", () => {
  it("is described by a template with the instance's id", async () => {
    const { host } = await openGoogleDrive();
    expect((await host.catalog()).resourceTemplates).toMatchObject([
      { name: "file", uriTemplate: "google-drive://drive/files/{fileId}" },
    ]);
  });

  it("has the contents, whole", async () => {
    const { host, account } = await openGoogleDrive();
    account.files.push(
      googleFile("document", { id: "doc-1" }),
      storedFile({ id: "pic-1", mimeType: "image/png" }),
      shortcut("short-1", "pic-1"),
    );
    account.contents.set("doc-1", { bytes: `# ${"a".repeat(100_000)}` });
    account.contents.set("pic-1", { bytes: PNG });
    expect(await host.readResource("google-drive://drive/files/doc-1")).toMatchObject({
      mimeType: "text/markdown",
      text: `# ${"a".repeat(100_000)}`,
    });
    const picture = { mimeType: "image/png", blob: Buffer.from(PNG).toString("base64") };
    for (const id of ["pic-1", "short-1"]) {
      expect(await host.readResource(`google-drive://drive/files/${id}`)).toMatchObject(picture);
    }
  });

  it.each([
    "google-drive://drive/files/a%2F..%2Fb",
    "google-drive://drive/files/a%20b",
    "google-drive://other/files/a",
  ])("is not there at %s, which Google is not asked for", async (uri) => {
    const { host, service } = await openGoogleDrive();
    expect(await host.readResource(uri)).toBeNull();
    expect(service.requests).toEqual([]);
  });

  it("that is too long says how to read it in pieces", async () => {
    const { host, account } = await openGoogleDrive();
    account.files.push(storedFile({ id: "file-1", name: "Log" }));
    account.contents.set("file-1", { bytes: "a".repeat(500_001) });
    await expect(host.readResource("google-drive://drive/files/file-1")).rejects.toMatchObject({
      name: "ToolError",
      message:
        '"Log" has 500001 characters, more than one resource holds. The tool read_file reads it in pieces.',
    });
  });
});
