import { z } from "mcp-plugin-server/plugin";
import type { ServiceAnswer } from "./request.ts";

const MAX_LINK_CHARS = 8_192;

export const pageInput = {
  page: z.int().min(1).max(1_000_000).default(1).describe("The first is 1."),
  perPage: z.int().min(1).max(100).default(30).describe("How many a page has, 100 at most."),
};

export const pageOutput = {
  nextPage: z.int().optional().describe("Ask for this page next; left out after the last one."),
};

export function pageQuery({ page, perPage }: { readonly page: number; readonly perPage: number }) {
  return { page: page === 1 ? undefined : page, per_page: perPage };
}

/**
 * What the `Link` header says of the next page. Only numbers and cursors are taken out of it: where the next request
 * goes is not for an answer to say.
 */
export function readNext({ headers }: Pick<ServiceAnswer, "headers">): {
  readonly nextPage?: number;
  readonly nextAfter?: string;
} {
  const link = (headers.get("link") ?? "").slice(0, MAX_LINK_CHARS);
  const address = link
    .split(/,\s*(?=<)/)
    .map((part) => /^<([^>]*)>(.*)$/.exec(part.trim()))
    .find((match) => /;\s*rel="?next"?\s*(?:;|$)/.test(match?.[2] ?? ""))?.[1];
  if (address === undefined || !URL.canParse(address)) return {};
  const { searchParams } = new URL(address);
  const page = searchParams.get("page") ?? "";
  const after = searchParams.get("after") ?? "";
  return {
    ...(/^[1-9]\d{0,6}$/.test(page) && { nextPage: Number(page) }),
    ...(/^[A-Za-z0-9+/=:_-]{1,300}$/.test(after) && { nextAfter: after }),
  };
}
