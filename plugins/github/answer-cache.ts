import type { ServiceAnswer } from "./request.ts";

const MAX_ENTRIES = 200;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface CacheKey {
  /** Of whose token: what one may see is never given to another. */
  readonly owner: string;
  readonly accept: string;
  readonly url: string;
}

/**
 * Answers with their ETags, for requests that ask whether they are still good. None of them is given out before GitHub has
 * said so for this very token. The newest 200 of them, 8 MiB at most.
 */
export class AnswerCache {
  readonly #entries = new Map<string, ServiceAnswer>();
  #bytes = 0;

  find(key: CacheKey): { readonly etag: string; readonly answer: ServiceAnswer } | null {
    const text = toText(key);
    const answer = this.#entries.get(text);
    const etag = answer?.headers.get("etag");
    if (!answer || !etag) return null;
    this.#entries.delete(text);
    this.#entries.set(text, answer);
    return { etag, answer };
  }

  keep(key: CacheKey, answer: ServiceAnswer): void {
    const text = toText(key);
    this.#remove(text);
    if (!answer.headers.get("etag") || answer.body.byteLength > MAX_ANSWER_BYTES) return;
    this.#entries.set(text, answer);
    this.#bytes += answer.body.byteLength;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES && this.#bytes <= MAX_BYTES) return;
      this.#remove(oldest);
    }
  }

  #remove(text: string): void {
    this.#bytes -= this.#entries.get(text)?.body.byteLength ?? 0;
    this.#entries.delete(text);
  }
}

function toText({ owner, accept, url }: CacheKey): string {
  return `${owner} ${accept} ${url}`;
}
