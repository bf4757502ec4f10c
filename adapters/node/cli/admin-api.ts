import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { AppError, ERROR_CODES } from "../../../src/index.ts";

export type Report = (progress: { readonly done: number; readonly total: number }) => void;

/** What the server answered. */
export interface AdminReply {
  readonly status: number;
  readonly body: Readable;
}

/**
 * The admin API, whoever answers: a server that runs, or this process. Its failures become AppErrors with the API's code.
 */
export abstract class AdminApi {
  protected abstract ask(method: string, path: string, body?: string): Promise<AdminReply>;

  /** Lets go of what it has opened. */
  abstract close(): Promise<void>;

  /** The answer's text. */
  async send(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await this.#open(method, path, body);
    return toItsEnd(() => text(answer));
  }

  /** The answer's value. That it has the form of `T`, the server's version sees to: it is the same as ours. */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.send(method, path, body);
    return toItsEnd(async () => JSON.parse(answer) as T);
  }

  /** Every item of a list, page by page. */
  async all<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T[]> {
    const items: T[] = [];
    let cursor: Readonly<Record<string, string>> = {};
    for (;;) {
      const search = new URLSearchParams({ ...query, limit: "200", ...cursor });
      const page = await this.json<ListPage<T>>("GET", `${path}?${search}`);
      items.push(...page.data);
      if (page.nextCursor === null) return items;
      cursor = { cursor: page.nextCursor };
    }
  }

  /** Starts work that takes long, and resolves with its result. */
  async work(path: string, body: unknown, report: Report): Promise<Record<string, unknown>> {
    const answer = await this.#open("POST", path, body);
    return toItsEnd(async () => {
      for await (const line of createInterface({ input: answer })) {
        const { progress, error, done, ...result } = JSON.parse(line) as WorkLine;
        if (progress) report(progress);
        if (error) throw toError(error);
        if (done) return result;
      }
      throw endedEarly();
    });
  }

  async #open(method: string, path: string, body?: unknown): Promise<Readable> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.ask(method, path, sent);
    if (answer.status < 300) return answer.body;
    throw toError(parseProblem(await text(answer.body)), answer.status);
  }
}

interface ListPage<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

interface WorkLine {
  readonly progress?: { readonly done: number; readonly total: number };
  readonly error?: { readonly code: string; readonly requestId: string };
  readonly done?: true;
  readonly [member: string]: unknown;
}

/** Reads an answer. What breaks it off, or leaves half of it, has one reason: its server is gone. */
async function toItsEnd<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof AppError ? error : endedEarly(error);
  }
}

function endedEarly(cause?: unknown): AppError {
  return new AppError(
    "CONFIG_INVALID",
    "The server ended its answer too early, so it may have stopped. Look into its log, and try again once it runs.",
    { cause },
  );
}

interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly requestId?: string;
}

function parseProblem(body: string): Problem {
  try {
    return JSON.parse(body) as Problem;
  } catch {
    return {};
  }
}

function toError({ code, title, detail, requestId }: Problem, status?: number): AppError {
  const known = ERROR_CODES.find((candidate) => candidate === code) ?? "INTERNAL";
  const said =
    detail ?? title ?? (status === undefined ? `It failed (${known}).` : `HTTP ${status}.`);
  // A refusal is complete as it is. What went wrong on the server is told in its log alone.
  const isComplete = status !== undefined && status < 500;
  const where =
    requestId === undefined || isComplete
      ? ""
      : ` The server's log has more: requestId ${requestId}.`;
  return new AppError(known, `The server refused: ${said}${where}`);
}
