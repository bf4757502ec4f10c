/** The way out of the server: every request of the server's own, and of plugins that run beside it, goes through this. */
export interface Outbound {
  /**
   * @throws AppError `OUTBOUND_REFUSED` for what may not be asked, `OUTBOUND_FAILED` when the network or the time was in the
   *   way, `OUTBOUND_TOO_LARGE` for an answer that is longer than `maxBytes`; no message has the whole URL
   * @throws the signal's reason when it aborts
   */
  fetch(request: OutboundRequest): Promise<OutboundResponse>;
}

export interface OutboundRequest {
  readonly url: string;
  /**
   * Who has named the address, where that is neither the operator nor a plugin: from the internet it must not lead to what
   * the operator has opened, as no redirect does.
   */
  readonly namedBy?: string;
  /** `GET` when left out. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** 5 MiB at most. */
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
  /** 10,000 when left out, 600,000 at most: for all of it, redirects and the body too. */
  readonly timeoutMs?: number;
  /** How long the body of the answer may be, unpacked: 4 MiB when left out, 16 MiB at most. */
  readonly maxBytes?: number;
  /**
   * `follow`: three hops at most, each checked, credentials dropped when the origin changes. `refuse`, when left out: a
   * redirect is an answer like any other, and goes no further.
   */
  readonly redirect?: "refuse" | "follow";
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Read whole. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Where it came from, after redirects. */
  readonly url: string;
}

/** One request as it goes over the wire. */
export interface OutboundHop {
  /** Has been checked. */
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly signal: AbortSignal;
}

/**
 * Carries one request, and follows no redirect. A runtime that can see addresses checks them where it connects, by
 * `OutboundGuard.addressFault`; what it refuses there is an AppError among the causes of what it throws.
 */
export type OutboundCarrier = (hop: OutboundHop) => Promise<Response>;

/** Why something is not asked. */
export interface OutboundFault {
  readonly rule: OutboundRule;
  /** Whom it was for, as far as that can be told. */
  readonly host: string;
}

export type OutboundRule =
  /** No address that can be read. */
  | "url"
  /** Neither https nor, on this machine, http. */
  | "scheme"
  /** A user or a password stands in the address. */
  | "userinfo"
  /** A name of this machine or of a network that is not the internet. */
  | "name"
  /** The address, or one that the name leads to, is not on the internet. */
  | "address"
  | "port"
  | "method"
  | "header"
  | "body"
  | "limit"
  /** From the internet into what the operator has opened. */
  | "redirect";

/** What may be reached, decided from the operator's settings alone. */
export interface OutboundGuard {
  /** What is wrong with an address as far as its text tells; `null` when it may be tried. */
  urlFault(url: URL): OutboundFault | null;
  /** The same for an IP address that a connection to `url` would go to: as it stands there, or as its name was resolved. */
  addressFault(url: URL, address: string): OutboundFault | null;
  /** Whether `url` is reached only because the operator has opened it. */
  isOpened(url: URL): boolean;
}
