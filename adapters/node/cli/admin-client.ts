import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import {
  AppError,
  createServerProof,
  ERROR_CODES,
  messageOf,
  randomToken,
} from "../../../src/index.ts";
import { systemTime } from "../runtime.ts";
import type { ServerFile } from "../server-file.ts";

/** Before its first byte the server may wait its turn for half a minute, or seal a large backup. In milliseconds. */
const ANSWER_WITHIN_MS = 120_000;

export type Report = (progress: { readonly done: number; readonly total: number }) => void;

/** Speaks to the admin API of a server on this machine. Its failures become AppErrors with the server's code. */
export class AdminClient {
  readonly #server: ServerFile;
  readonly #token: string;
  readonly #answerWithinMs: number;

  constructor(
    server: ServerFile,
    token: string,
    { answerWithinMs = ANSWER_WITHIN_MS }: { readonly answerWithinMs?: number } = {},
  ) {
    this.#server = server;
    this.#token = token;
    this.#answerWithinMs = answerWithinMs;
  }

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

  async #open(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const answer = await exchange(
      this.#server,
      { method, path, headers },
      sent,
      this.#answerWithinMs,
    );
    if (answer.statusCode! < 300) return answer;
    throw toError(parseProblem(await text(answer)), answer.statusCode);
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

/**
 * Whether the server that the file tells of is there. Whoever has its port by now does not know the secret of the file, and
 * is told none.
 */
export async function provesItself(server: ServerFile): Promise<boolean> {
  const proof = await createServerProof(Buffer.from(server.secret, "base64url"));
  const challenge = randomToken("");
  try {
    const answer = await exchange(server, {
      method: "GET",
      path: `/api/server-proof?challenge=${challenge}`,
      signal: AbortSignal.timeout(2_000),
    });
    const said = JSON.parse(await text(answer)) as { proof?: unknown } | null;
    return await proof.accepts(challenge, said?.proof);
  } catch {
    return false;
  }
}

function exchange(
  { url, certFile }: ServerFile,
  options: RequestOptions,
  body?: string,
  answerWithinMs: number = ANSWER_WITHIN_MS,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const isTls = url.startsWith("https:");
  const request = isTls
    ? httpsRequest(new URL(options.path!, url), { ...options, ...trusting(certFile) })
    : httpRequest(new URL(options.path!, url), options);
  const cancel = systemTime.after(answerWithinMs, () =>
    request.destroy(new Error(`nothing came within ${answerWithinMs / 1000} seconds`)),
  );
  request.once("response", resolve);
  void promise.then(cancel, cancel);
  request.on("error", (error) =>
    reject(
      new AppError("CONFIG_INVALID", `The server at ${url} does not answer: ${messageOf(error)}`, {
        cause: error,
      }),
    ),
  );
  request.end(body);
  return promise;
}

/** Exactly the certificate that the server has said to use: its names are for others, and so may be its issuer. */
function trusting(certFile: string | null): RequestOptions {
  if (certFile === null) return {};
  return {
    ca: readFileSync(certFile),
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
  };
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
