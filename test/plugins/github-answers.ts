import { createHash } from "node:crypto";
import type { Reply } from "../helpers/loopback-service.ts";

/** Objects as GitHub documents them, with more in them than the plugin needs. */
type Changes = Readonly<Record<string, unknown>>;

const AT = "2026-06-01T12:00:00Z";

export function user(login: string) {
  return { login, id: 1, type: "User", html_url: `https://github.com/${login}` };
}

export function repository(changes: Changes = {}) {
  return {
    id: 1_296_269,
    node_id: "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
    name: "site",
    full_name: "acme/site",
    owner: user("acme"),
    private: true,
    html_url: "https://github.com/acme/site",
    description: "The site.",
    fork: false,
    url: "https://api.github.com/repos/acme/site",
    language: "TypeScript",
    forks_count: 9,
    stargazers_count: 80,
    open_issues_count: 4,
    topics: ["web"],
    archived: false,
    default_branch: "main",
    license: { key: "mit", name: "MIT License", spdx_id: "MIT" },
    pushed_at: AT,
    created_at: AT,
    updated_at: AT,
    permissions: { admin: false, push: true, pull: true },
    ...changes,
  };
}

export const TOLD_REPOSITORY = {
  fullName: "acme/site",
  description: "The site.",
  isPrivate: true,
  isFork: false,
  isArchived: false,
  defaultBranch: "main",
  language: "TypeScript",
  stars: 80,
  forks: 9,
  openIssues: 4,
  topics: ["web"],
  license: "MIT",
  url: "https://github.com/acme/site",
  pushedAt: AT,
  canPush: true,
};

export function issue(changes: Changes = {}) {
  return {
    id: 1,
    number: 7,
    state: "open",
    state_reason: null,
    title: "It breaks",
    body: "When I *press* it.",
    user: user("ada"),
    labels: [{ id: 2, name: "bug", color: "f29513" }, "old"],
    assignees: [user("grace")],
    milestone: { id: 3, number: 1, title: "1.0" },
    locked: false,
    comments: 2,
    closed_at: null,
    created_at: AT,
    updated_at: AT,
    html_url: "https://github.com/acme/site/issues/7",
    ...changes,
  };
}

export const TOLD_ISSUE = {
  number: 7,
  title: "It breaks",
  state: "open",
  author: "ada",
  labels: ["bug", "old"],
  assignees: ["grace"],
  milestone: "1.0",
  comments: 2,
  createdAt: AT,
  updatedAt: AT,
  url: "https://github.com/acme/site/issues/7",
};

export function comment(changes: Changes = {}) {
  return {
    id: 11,
    body: "Me too.",
    user: user("grace"),
    created_at: AT,
    updated_at: AT,
    html_url: "https://github.com/acme/site/issues/7#issuecomment-11",
    ...changes,
  };
}

export const TOLD_COMMENT = {
  id: 11,
  author: "grace",
  body: "Me too.",
  isCut: false,
  createdAt: AT,
  updatedAt: AT,
  url: "https://github.com/acme/site/issues/7#issuecomment-11",
};

export function pullRequest(changes: Changes = {}) {
  return {
    id: 1,
    number: 8,
    state: "open",
    title: "Mend it",
    body: "By *not* pressing it.",
    draft: true,
    user: user("ada"),
    labels: [],
    assignees: [],
    requested_reviewers: [user("grace")],
    base: { label: "acme:main", ref: "main", sha: "b".repeat(40), repo: repository() },
    head: { label: "ada:mend", ref: "mend", sha: "a".repeat(40), repo: null },
    created_at: AT,
    updated_at: AT,
    closed_at: null,
    merged_at: null,
    html_url: "https://github.com/acme/site/pull/8",
    ...changes,
  };
}

export const TOLD_PULL_REQUEST = {
  number: 8,
  title: "Mend it",
  state: "open",
  isDraft: true,
  isMerged: false,
  author: "ada",
  base: "main",
  head: "ada:mend",
  headSha: "a".repeat(40),
  labels: [],
  assignees: [],
  reviewers: ["grace"],
  createdAt: AT,
  updatedAt: AT,
  url: "https://github.com/acme/site/pull/8",
};

/** What the `object` media type has for a file. */
export function file(path: string, contents: string | Uint8Array, changes: Changes = {}) {
  const bytes = Buffer.from(contents);
  return {
    type: "file",
    encoding: "base64",
    size: bytes.length,
    name: path.split("/").at(-1),
    path,
    // GitHub breaks it into lines.
    content: bytes.toString("base64").replaceAll(/.{60}/g, "$&\n"),
    sha: "c".repeat(40),
    html_url: `https://github.com/acme/site/blob/main/${path}`,
    ...changes,
  };
}

export function directory(path: string, names: readonly (readonly [string, string])[]) {
  return {
    type: "dir",
    name: path.split("/").at(-1),
    path,
    sha: "d".repeat(40),
    size: 0,
    entries: names.map(([name, type]) => ({
      type,
      name,
      path: path === "" ? name : `${path}/${name}`,
      size: type === "file" ? 5 : 0,
      sha: "c".repeat(40),
    })),
  };
}

export function errorAnswer(message: string, changes: Changes = {}) {
  return { message, documentation_url: "https://docs.github.com/rest", ...changes };
}

/** Answers as GitHub does: with an ETag, and with 304 for whoever has it. The tag is of the token as well. */
export function conditional(body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return (response, request) => {
    const text = JSON.stringify(body);
    const hash = createHash("sha256").update(`${request.headers.authorization} ${text}`);
    const etag = `W/"${hash.digest("hex")}"`;
    const isKnown = request.headers["if-none-match"] === etag;
    response.writeHead(isKnown ? 304 : 200, {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "private, max-age=60, s-maxage=60",
      vary: "Accept, Authorization, Cookie, X-GitHub-OTP",
      etag,
      ...headers,
    });
    response.end(isKnown ? undefined : text);
  };
}

/** Pages of a list with `Link` headers as GitHub writes them. */
export function paged(items: readonly unknown[], extra = ""): Reply {
  return (response, { url }) => {
    const page = Number(url.searchParams.get("page") ?? 1);
    const size = Number(url.searchParams.get("per_page") ?? 30);
    const last = Math.ceil(items.length / size);
    const link = (to: number, rel: string) =>
      `<https://api.github.com/repositories/1296269/x?per_page=${size}${extra}&page=${to}>; rel="${rel}"`;
    const links = [
      ...(page > 1 ? [link(page - 1, "prev")] : []),
      ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
      ...(page > 1 ? [link(1, "first")] : []),
    ];
    response.writeHead(200, {
      "content-type": "application/json; charset=utf-8",
      ...(links.length > 0 && { link: links.join(", ") }),
    });
    response.end(JSON.stringify(items.slice((page - 1) * size, page * size)));
  };
}
