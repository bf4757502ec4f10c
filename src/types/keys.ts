/** A bearer secret of a client or an administrator, as stored: by its hash alone. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: "client" | "user";
  /** SHA-256 of the secret, lower-case hex. */
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
}

/** Where keys are kept. `list` leaves out the revoked ones. */
export interface KeyStore {
  list(): Promise<readonly KeyRecord[]>;
  add(key: KeyRecord): Promise<void>;
}
