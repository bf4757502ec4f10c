import { ToolError, z } from "mcp-plugin-server/plugin";
import { apiPath, type ApiPath } from "./api-path.ts";
import { nameOfRepository, type RepositoryName } from "./arguments.ts";
import type { Ask } from "./ask.ts";
import { hideTokenIn, type Token } from "./auth.ts";
import { fromBase64 } from "./base64.ts";
import { jsonOf } from "./read-answer.ts";
import type { ServiceAnswer } from "./request.ts";
import { UnexpectedAnswer } from "./unexpected-answer.ts";

/** One type of answer for files and directories. */
const OBJECT_TYPE = "application/vnd.github.object+json";
const RAW_TYPE = "application/vnd.github.raw+json";
/** A larger file would not fit into one result. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;

export interface Place extends RepositoryName {
  /** Segments; none for the root of the repository. */
  readonly path: readonly string[];
  readonly ref?: string | undefined;
}

export interface File {
  readonly kind: "file";
  readonly path: string;
  readonly sha: string;
  readonly url: string | null;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Directory {
  readonly kind: "directory";
  readonly path: string;
  readonly entries: readonly z.infer<typeof entrySchema>[];
}

const entrySchema = z.object({
  name: z.string(),
  path: z.string(),
  type: z.string(),
  size: z.int().nullish(),
  sha: z.string(),
});

/** What `GET /repos/…/contents/…` answers, as far as it is needed. Older servers answer a directory as a list. */
const contentsSchema = z.union([
  z.array(entrySchema).transform((entries) => ({ entries, path: null })),
  z.object({ entries: z.array(entrySchema), path: z.string().nullish() }),
  z.object({
    entries: z.undefined().optional(),
    type: z.string(),
    path: z.string(),
    sha: z.string(),
    size: z.int().nullish(),
    html_url: z.string().nullish(),
    encoding: z.string().nullish(),
    content: z.string().nullish(),
    target: z.string().nullish(),
    submodule_git_url: z.string().nullish(),
  }),
]);

/** @throws ToolError for what is neither a file nor a directory, and for a file that is too large */
export async function readContents(place: Place, ask: Ask): Promise<File | Directory> {
  const question = {
    path: toPath(place),
    query: { ref: place.ref },
    what: nameOfPlace(place),
  };
  const { found, bytes } = await ask({ ...question, accept: OBJECT_TYPE, read: readFound });
  const path = found.path ?? place.path.join("/");
  if (found.entries !== undefined) return { kind: "directory", path, entries: found.entries };
  if (found.type === "symlink") {
    throw new ToolError(
      `"${path}" is a symbolic link to "${found.target ?? "nowhere"}". Read that.`,
    );
  }
  if (found.type !== "file") {
    const where = found.submodule_git_url;
    throw new ToolError(
      `"${path}" is a submodule${where ? `: another repository, ${where}` : ""}. Read it there.`,
    );
  }
  if ((found.size ?? 0) > MAX_FILE_BYTES) {
    const where = found.html_url ? ` It is at ${found.html_url}.` : "";
    throw new ToolError(
      `"${path}" has ${found.size} bytes; files of up to ${MAX_FILE_BYTES} can be read.${where}`,
    );
  }
  // GitHub leaves the contents of larger files out of JSON.
  const raw = { ...question, accept: RAW_TYPE, maxBytes: MAX_FILE_BYTES };
  const contents =
    bytes ?? (await ask({ ...raw, read: ({ body }, token) => hideTokenIn(body, token) }));
  return { kind: "file", path, sha: found.sha, url: found.html_url ?? null, bytes: contents };
}

/** GitHub's JSON, with the contents as they are. */
function readFound(answer: ServiceAnswer, token: Token) {
  const found = jsonOf(contentsSchema)(answer, token);
  if (found.entries !== undefined || found.encoding !== "base64") return { found, bytes: null };
  try {
    return { found, bytes: hideTokenIn(fromBase64(found.content ?? ""), token) };
  } catch {
    throw new UnexpectedAnswer("content is not as documented");
  }
}

function toPath({ owner, repo, path }: Place): ApiPath {
  return path.length === 0
    ? apiPath`repos/${owner}/${repo}/contents`
    : apiPath`repos/${owner}/${repo}/contents/${path}`;
}

function nameOfPlace(place: Place): string {
  const at = place.ref === undefined ? "" : ` at ${place.ref}`;
  return `the path "${place.path.join("/")}" in ${nameOfRepository(place)}${at}`;
}
