const GOOGLE = "application/vnd.google-apps.";

/** A file as the Drive API has it, with more in it than anybody asks for. */
export interface StoredFile extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
  readonly mimeType: string;
}

/** A text file of somebody's My Drive, unless something else is said. */
export function storedFile(changes: Record<string, unknown> & { readonly id: string }): StoredFile {
  return {
    kind: "drive#file",
    name: "Notes.txt",
    mimeType: "text/plain",
    size: "5",
    createdTime: "2026-01-02T03:04:05.678Z",
    modifiedTime: "2026-07-01T12:00:00.000Z",
    trashed: false,
    starred: false,
    shared: true,
    parents: ["folder-1"],
    owners: [{ kind: "drive#user", displayName: "Ada", emailAddress: "ada@example.org", me: true }],
    lastModifyingUser: { displayName: "Grace", emailAddress: "grace@example.org" },
    webViewLink: `https://drive.google.com/file/d/${changes.id}/view`,
    md5Checksum: "5d41402abc4b2a76b9719d911017c592",
    capabilities: { canDownload: true },
    ...changes,
  };
}

/** One of Google's own documents: it has no size. */
export function googleFile(
  type: string,
  changes: Record<string, unknown> & { readonly id: string },
): StoredFile {
  const { size: _size, ...file } = storedFile(changes);
  return { ...file, name: changes["name"] ?? `My ${type}`, mimeType: GOOGLE + type } as StoredFile;
}

export function shortcut(id: string, targetId: string, details: Record<string, unknown> = {}) {
  return googleFile("shortcut", {
    id,
    name: "To notes",
    shortcutDetails: { targetId, targetMimeType: "text/plain", ...details },
  });
}

/** A refusal as the Drive API writes it. */
export function driveError(status: number, reason: string, message = `It is ${reason}.`) {
  return {
    error: {
      code: status,
      message,
      errors: [{ message, domain: "global", reason, locationType: "parameter" }],
    },
  };
}

/** A refusal as newer APIs write it, Google Sheets among them. */
export function rpcError(status: number, reason: string, message = `It is ${reason}.`) {
  return {
    error: {
      code: status,
      message,
      status: "PERMISSION_DENIED",
      details: [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" },
        { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", locale: "en-US", message },
      ],
    },
  };
}
