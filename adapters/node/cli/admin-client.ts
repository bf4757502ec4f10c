import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { AppError, createServerProof, messageOf, randomToken } from "../../../src/index.ts";
import { systemTime } from "../runtime.ts";
import type { ServerFile } from "../server-file.ts";
import { AdminApi, type AdminReply } from "./admin-api.ts";

/** Before its first byte the server may wait its turn for half a minute, or seal a large backup. In milliseconds. */
const ANSWER_WITHIN_MS = 120_000;

/** Speaks to the admin API of a server on this machine. */
export class AdminClient extends AdminApi {
  readonly #server: ServerFile;
  readonly #token: string;
  readonly #answerWithinMs: number;

  constructor(
    server: ServerFile,
    token: string,
    { answerWithinMs = ANSWER_WITHIN_MS }: { readonly answerWithinMs?: number } = {},
  ) {
    super();
    this.#server = server;
    this.#token = token;
    this.#answerWithinMs = answerWithinMs;
  }

  protected async ask(method: string, path: string, body?: string): Promise<AdminReply> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const request = { method, path, headers };
    const answer = await exchange(this.#server, request, body, this.#answerWithinMs);
    return { status: answer.statusCode!, body: answer };
  }

  async close(): Promise<void> {}
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
