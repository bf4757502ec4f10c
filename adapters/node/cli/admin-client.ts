import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { AppError, ERROR_CODES, messageOf } from "../../../src/index.ts";
import type { ServerFile } from "../server-file.ts";

export type Report = (progress: { readonly done: number; readonly total: number }) => void;

/** Speaks to the admin API of a server on this machine. Its failures become AppErrors with the server's code. */
export class AdminClient {
  readonly #server: ServerFile;
  readonly #token: string;

  constructor(server: ServerFile, token: string) {
    this.#server = server;
    this.#token = token;
  }

  /** The answer's text; JSON is left to the caller. */
  async send(method: string, path: string, body?: unknown): Promise<string> {
    return text(await this.#open(method, path, body));
  }

  /** Starts work that takes long, and resolves with its result. */
  async work(path: string, body: unknown, report: Report): Promise<Record<string, unknown>> {
    const answer = await this.#open("POST", path, body);
    for await (const line of createInterface({ input: answer })) {
      const message = JSON.parse(line) as {
        progress?: { done: number; total: number };
        error?: { code: string; requestId: string };
        done?: true;
      };
      if (message.progress) report(message.progress);
      if (message.error) throw toError(message.error);
      if (message.done) return message;
    }
    throw new AppError("CONFIG_INVALID", "The server ended its answer too early. Try again.");
  }

  async #open(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const answer = await exchange(this.#server, { method, path, headers }, sent);
    if (answer.statusCode! < 300) return answer;
    throw toError(parseProblem(await text(answer)), answer.statusCode);
  }
}

/** Whether the server that the file tells of is there. */
export async function answersHealth(server: ServerFile): Promise<boolean> {
  try {
    const answer = await exchange(server, {
      method: "GET",
      path: "/healthz",
      signal: AbortSignal.timeout(2_000),
    });
    return (await text(answer)) === '{"status":"ok"}';
  } catch {
    return false;
  }
}

function exchange(
  { url, certFile }: ServerFile,
  options: RequestOptions,
  body?: string,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const isTls = url.startsWith("https:");
  const request = isTls
    ? httpsRequest(new URL(options.path!, url), { ...options, ...trusting(certFile) })
    : httpRequest(new URL(options.path!, url), options);
  request.once("response", resolve);
  request.once("error", (error) =>
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
  const where =
    requestId === undefined ? "" : ` The server's log has more: requestId ${requestId}.`;
  return new AppError(known, `The server refused: ${said}${where}`);
}
