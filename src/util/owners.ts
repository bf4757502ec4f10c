import type { Principal } from "../types/principal.ts";
import type { Owner } from "../types/vault.ts";

/** Printable ASCII: nothing that two people could read as the same and a machine as different. */
const ID = /^[\x21-\x7e]{1,128}$/;

/** Whose credentials a caller's are; `null` for one that has none of its own. */
export function ownerOf({ kind, id, owner }: Principal): Owner | null {
  if (owner !== undefined) return owner;
  if (typeof id !== "string" || !ID.test(id)) return null;
  switch (kind) {
    case "client":
      return `client:${id}`;
    case "user":
      return `user:local:${id}`;
    case "system":
      return null;
  }
}
