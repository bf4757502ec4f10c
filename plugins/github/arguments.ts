import { z } from "mcp-plugin-server/plugin";

/** A user or an organization. */
export const loginSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, "is no login");

const nameSchema = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, "is no name of a repository");

export const repositoryInput = {
  owner: loginSchema.describe("The user or organization whose it is, such as octocat."),
  repo: nameSchema.describe("Its name, without the owner."),
};

export const numberSchema = z.int().min(1).max(1_000_000_000);

const MAX_PATH_CHARS = 4_096;

/** As segments. */
export const pathSchema = z
  .string()
  .max(MAX_PATH_CHARS)
  .transform((path) => path.replace(/^\//, "").replace(/\/$/, ""))
  .transform((path) => (path === "" ? [] : path.split("/")))
  .refine(
    // oxlint-disable-next-line no-control-regex -- no file's name has one
    (parts) => parts.every((part) => !["", ".", ".."].includes(part) && !/[\0-\x1f]/.test(part)),
    'has an empty part, a "." or a ".."',
  );

export const refInput = {
  ref: z
    .string()
    .trim()
    .min(1)
    .max(255)
    .optional()
    .describe("A branch, tag or commit. Left out: the default branch."),
};

export const directionSchema = z.enum(["asc", "desc"]).default("desc");

export interface RepositoryName {
  readonly owner: string;
  readonly repo: string;
}

export function nameOfRepository({ owner, repo }: RepositoryName): string {
  return `${owner}/${repo}`;
}
