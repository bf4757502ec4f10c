/** What is audited. `docs/security.md` says of each when it is written. */
export type AuditAction =
  | "credential.read"
  | "credential.write"
  | "credential.delete"
  | "credential.sign"
  | "vault.rotate"
  | "vault.rotate-master"
  | "vault.verify"
  | "vault.export"
  | "vault.import"
  | "token.connect"
  | "token.refresh"
  | "token.revoke"
  | "admin.request"
  | "auth.refused"
  | "session.begin"
  | "session.end"
  | "audit.prune"
  | "audit.outage"
  | "chain.open"
  | "chain.close";

/** `started` announces a change before it is tried; another record says how it ended. */
export type AuditOutcome = "started" | "ok" | "refused" | "failed";

/** What happened, in words and numbers that are no secrets. */
export interface AuditEntry {
  /** `plugin:<instance>`, `client:<id>`, `user:<id>` or `system`. */
  readonly actor: string;
  readonly action: AuditAction;
  readonly instanceId: string | null;
  /** What it was done to: a credential as `<owner>/<name>`, a route, a chain. Never a value. */
  readonly subject: string | null;
  readonly outcome: AuditOutcome;
  readonly requestId: string | null;
  /** Whatever else explains it, such as the sequence of a credential or the requests that were under way. */
  readonly detail: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** An entry in its chain. `mac` authenticates all the other members and, by `previous`, all records before it. */
export interface AuditRecord extends AuditEntry {
  /** One chain per writing process: a lower-case UUIDv7. */
  readonly chain: string;
  /** From 1, without gaps. */
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly time: number;
  /** MAC of the record before it, base64url; of the first, a value derived from the chain's id. */
  readonly previous: string;
  readonly mac: string;
}

/** Where a chain stands. */
export interface AuditHead {
  readonly chain: string;
  readonly seq: number;
  readonly mac: string;
}

/** Takes records. A record counts as written when one sink has it. */
export interface AuditSink {
  /** Stands in the first record of each chain, so that its absence from this sink shows. */
  readonly name: string;
  /**
   * Holds the chains of all processes, and each `append` costs it much: it gets records in batches, unless it is the only
   * sink that works, and at a start what a dead process could not put there any more.
   */
  readonly central?: true;
  /**
   * Takes a group of records of one chain, in order; all or, at least, a beginning of them. After a failed attempt it is
   * called again with records that it may have already: those it keeps as they are.
   *
   * @throws whatever keeps it from taking them
   */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** The same, where it takes no time: at once, so that nobody waits a turn. `false` when it must be done by `append`. */
  appendNow?(records: readonly AuditRecord[]): boolean;
  /** Makes what was appended survive a power cut, where `append` alone does not. */
  sync?(): Promise<void>;
  close?(): Promise<void>;
}

/** A sink whose records can be read back. */
export interface AuditStore extends AuditSink {
  /** The chains that have records here, oldest first. Costs little even where there are many. */
  chains(): Promise<readonly string[]>;
  /** The chains that have records here, oldest first, each with its last record; none before `from`, if given. */
  heads(from?: string): Promise<readonly AuditHead[]>;
  /** Records of a chain in the order of `seq`, from `fromSeq` on, `limit` at most. As stored: unchecked. */
  read(chain: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** All that a chain has here in the order in which it lies here, where that may be another than `read` gives. */
  scan?(chain: string): AsyncIterable<AuditRecord | DamagedRecord>;
  /** Forgets all that it has of a chain, damaged or not. Only for a cut that was signed before. */
  cut(chain: string): Promise<void>;
}

/** What stands where a record should: `torn` is half a record at the very end, as an interrupted write leaves it. */
export interface DamagedRecord {
  readonly damage: "torn" | "unreadable";
}

/** Keeps heads where whoever can change the records cannot reach: another disk, another machine. */
export interface AuditAnchor {
  readonly name: string;
  anchor(head: AuditHead): Promise<void>;
  /** The latest head of each chain that was anchored. */
  heads(): Promise<readonly AuditHead[]>;
}

/** What everything that must leave a trace writes to. */
export interface AuditLog {
  /**
   * Resolves when a sink has the record (see docs/security.md for what that survives). A group of records that come at once
   * shares one write. With `durable`, waits until it survives a power cut, too.
   *
   * @throws AppError `AUDIT_UNAVAILABLE` when no sink takes it: what it describes must not happen then
   */
  record(entry: AuditEntry, durability?: "written" | "durable"): Promise<void>;
}
