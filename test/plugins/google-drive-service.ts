import type { ServerResponse } from "node:http";
import { driveError, type StoredFile } from "./google-drive-answers.ts";
import {
  openLoopbackService,
  type LoopbackService,
  type ReceivedRequest,
} from "../helpers/loopback-service.ts";

export interface StoredSheet {
  readonly title: string;
  readonly sheetType?: string;
  readonly values?: unknown[][];
}

/** What the account sees. Tests put into it what they need. */
export interface DriveAccount {
  readonly files: StoredFile[];
  /** By the file's id: what a download gives, or an export of any kind. */
  readonly contents: Map<string, { readonly bytes: Uint8Array | string; readonly type?: string }>;
  /** Resource keys by the file's id; without its key such a file is not found. */
  readonly keys: Map<string, string>;
  readonly changes: Record<string, unknown>[];
  readonly sheets: Map<string, StoredSheet[]>;
  /** The tokens that are good. */
  readonly tokens: Set<string>;
}

export interface DriveService extends LoopbackService {
  readonly account: DriveAccount;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const NOT_FOUND = (id: string): Answer => ({
  status: 404,
  body: driveError(404, "notFound", `File not found: ${id}.`),
});

/**
 * The Drive API below `/drive/v3` and the Sheets API below `/v4`, as far as the plugin speaks with them: `fields` and pages are
 * honoured, a shared drive's files are hidden from those who do not say that they support them.
 */
export async function openDriveService(token: string): Promise<DriveService> {
  const account: DriveAccount = {
    files: [],
    contents: new Map(),
    keys: new Map(),
    changes: [],
    sheets: new Map(),
    tokens: new Set([token]),
  };
  const service = await openLoopbackService((response, request) => {
    const sent = request.headers.authorization?.replace("Bearer ", "") ?? "";
    if (!account.tokens.has(sent)) {
      send(response, { status: 401, body: driveError(401, "authError", "Invalid Credentials") });
    } else send(response, answer(account, request));
  });
  return { ...service, account };
}

function answer(account: DriveAccount, request: ReceivedRequest): Answer {
  const { pathname, searchParams: query } = request.url;
  const [, api, version, kind, id, verb, range] = pathname.split("/").map(decodeURIComponent);
  if (request.method !== "GET") return { status: 405, body: driveError(405, "httpMethod") };
  if (`${api}/${version}` === "v4/spreadsheets") return sheets(account, kind!, verb, query, id);
  if (`${api}/${version}` !== "drive/v3" || range !== undefined) return NOT_FOUND(pathname);
  if (kind === "changes") return changes(account, id, query);
  if (kind !== "files") return NOT_FOUND(pathname);
  if (id === undefined) return list(account, query);
  const file = account.files.find((it) => it.id === id);
  if (file === undefined || !isSeen(account, file, request)) return NOT_FOUND(id);
  if (verb === "export" || query.get("alt") === "media")
    return contents(account, file, verb, query);
  return { status: 200, body: select(file, query.get("fields")) };
}

function isSeen({ keys }: DriveAccount, { id, driveId }: StoredFile, request: ReceivedRequest) {
  const { searchParams: query, pathname } = request.url;
  const sent = String(request.headers["x-goog-drive-resource-keys"] ?? "").split(",");
  const key = keys.get(id);
  const isSupported = query.get("supportsAllDrives") === "true" || pathname.endsWith("/export");
  return (key === undefined || sent.includes(`${id}/${key}`)) && (!driveId || isSupported);
}

function list({ files }: DriveAccount, query: URLSearchParams): Answer {
  const found = files.filter(
    (file) =>
      (!query.get("q")?.includes("trashed = false") || file["trashed"] !== true) &&
      (query.get("includeItemsFromAllDrives") === "true" || !file["driveId"]),
  );
  const page = pageOf(found, query);
  const body = { kind: "drive#fileList", incompleteSearch: false, files: page.items };
  return { status: 200, body: select({ ...body, ...page.next }, query.get("fields")) };
}

function contents(
  account: DriveAccount,
  file: StoredFile,
  verb: string | undefined,
  query: URLSearchParams,
): Answer {
  const stored = account.contents.get(file.id);
  const isGoogle = file.mimeType.startsWith("application/vnd.google-apps.");
  if (isGoogle !== (verb === "export")) {
    const reason = isGoogle ? "fileNotDownloadable" : "fileNotExportable";
    return { status: 403, body: driveError(403, reason) };
  }
  if (stored === undefined) return NOT_FOUND(file.id);
  return { status: 200, body: { type: query.get("mimeType") ?? file.mimeType, ...stored } };
}

function changes(account: DriveAccount, verb: string | undefined, query: URLSearchParams): Answer {
  const end = `change-${account.changes.length}`;
  if (verb === "startPageToken") return { status: 200, body: { startPageToken: end } };
  const from = Number(/^change-(\d+)$/.exec(query.get("pageToken") ?? "")?.[1] ?? NaN);
  if (Number.isNaN(from)) return { status: 400, body: driveError(400, "invalid", "Invalid Value") };
  const size = Number(query.get("pageSize"));
  const items = account.changes.slice(from, from + size);
  const isEnd = from + size >= account.changes.length;
  const next = isEnd ? { newStartPageToken: end } : { nextPageToken: `change-${from + size}` };
  const body = { kind: "drive#changeList", changes: items, ...next };
  return { status: 200, body: select(body, query.get("fields")) };
}

function sheets(
  account: DriveAccount,
  id: string,
  range: string | undefined,
  query: URLSearchParams,
  verb: string | undefined,
): Answer {
  const stored = account.sheets.get(id);
  if (stored === undefined) return { status: 404, body: driveError(404, "notFound") };
  if (verb === undefined) {
    const all = stored.map(({ title, sheetType = "GRID" }, index) => ({
      properties: { sheetId: index, title, index, sheetType },
    }));
    return { status: 200, body: select({ sheets: all }, query.get("fields")) };
  }
  const found = stored.find(({ title }) => `'${title.replaceAll("'", "''")}'` === range);
  if (found === undefined) {
    return { status: 400, body: driveError(400, "badRequest", `Unable to parse range: ${range}`) };
  }
  // The Sheets API leaves `values` out when there are none.
  const { values } = found;
  return { status: 200, body: { range, majorDimension: "ROWS", ...(values && { values }) } };
}

function pageOf(files: readonly StoredFile[], query: URLSearchParams) {
  const from = Number(query.get("pageToken")?.replace("page-", "") ?? 0);
  const to = from + Number(query.get("pageSize") ?? 100);
  return {
    items: files.slice(from, to),
    next: to < files.length ? { nextPageToken: `page-${to}` } : {},
  };
}

/** What `fields` names, as Google takes it: `a,b(c,d),e.f`. */
function select(value: unknown, mask: string | null): unknown {
  if (mask === null) throw new Error("Every request must say which fields it needs.");
  if (Array.isArray(value)) return value.map((item) => select(item, mask));
  if (typeof value !== "object" || value === null) return value;
  const chosen = splitMask(mask).flatMap((field) => {
    const [, name = "", inner, below] = /^(\w+)(?:\((.*)\)|\.(.*))?$/.exec(field) ?? [];
    const member = (value as Record<string, unknown>)[name];
    const rest = inner ?? below;
    return member === undefined ? [] : [[name, rest ? select(member, rest) : member]];
  });
  return Object.fromEntries(chosen) as unknown;
}

/** At the commas that stand in no parentheses. */
function splitMask(mask: string): string[] {
  let depth = 0;
  const marked = Array.from(mask, (char) => {
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    return char === "," && depth === 0 ? "\n" : char;
  });
  return marked.join("").split("\n");
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const { bytes, type } = (body ?? {}) as { bytes?: Uint8Array | string; type?: string };
  if (bytes !== undefined) {
    response.writeHead(status, { "content-type": type }).end(bytes);
    return;
  }
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
  response.end(JSON.stringify(body));
}
