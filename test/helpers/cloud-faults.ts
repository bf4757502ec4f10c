import type { IncomingMessage, ServerResponse } from "node:http";

/** What may be wrong with a cloud's answer to one request. */
export type CloudFault =
  | "throttle"
  /** No answer at all. */
  | "timeout"
  | "500"
  | "503"
  /** The connection ends instead of an answer. */
  | "reset"
  | "accessDenied"
  /** A read answers with the version before. */
  | "stale"
  /** Somebody has deleted the secret, so that it can be recovered, just before the request. */
  | "deletedButRecoverable";

interface Planned {
  readonly fault: CloudFault;
  readonly action: string | undefined;
}

/** What goes wrong next, in order. */
export class FaultScript {
  readonly #planned: Planned[] = [];

  /** @param action of what requests; of all when left out */
  plan(fault: CloudFault, { times = 1, action }: { times?: number; action?: string } = {}): void {
    for (let time = 0; time < times; time++) this.#planned.push({ fault, action });
  }

  /** The fault of this request, which is not planned any more then. */
  take(action: string): CloudFault | null {
    const index = this.#planned.findIndex((planned) => (planned.action ?? action) === action);
    return index === -1 ? null : this.#planned.splice(index, 1)[0]!.fault;
  }

  /** How many are still to come: none when all that was planned has happened. */
  get left(): number {
    return this.#planned.length;
  }
}

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
