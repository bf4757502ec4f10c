import { fromBase64Url } from "../../util/bytes.ts";
import { isJsonObject } from "../../util/json-object.ts";
import { parseJson } from "../../util/parse-json.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import type { Claims } from "./access-token-claims.ts";

/** Signatures that nobody can make who can check them. */
export const SIGNING_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** Members by which a token would bring its own key along, or rules that are not known here. */
const REFUSED_MEMBERS = ["jwk", "jku", "x5u", "x5c", "crit"];
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a token says of itself before anybody has checked it: enough to know by whose keys that is done. */
export interface UncheckedJwt {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly issuer: string;
  /** Whether its header says that it is an access token (RFC 9068). */
  readonly isAccessToken: boolean;
}

/** Why a token is not worth checking; `no JWT` when it is something else, of which its issuer alone knows what it means. */
export type JwtFault = "no JWT" | "header" | "algorithm" | "type" | "claims" | "issuer";

export function readJwt(token: string): Result<UncheckedJwt, JwtFault> {
  const [head = "", body = "", ...rest] = token.split(".");
  const header = rest.length === 1 ? readPart(head) : null;
  if (header === null) return refuse("no JWT");
  const { alg, kid, typ } = header;
  if (REFUSED_MEMBERS.some((member) => Object.hasOwn(header, member))) return refuse("header");
  if (kid !== undefined && typeof kid !== "string") return refuse("header");
  if (!(SIGNING_ALGORITHMS as readonly unknown[]).includes(alg)) return refuse("algorithm");
  const kind = kindOf(typ);
  if (kind === null) return refuse("type");
  const claims = readPart(body);
  if (claims === null) return refuse("claims");
  const { iss } = claims;
  if (typeof iss !== "string") return refuse("issuer");
  return ok({ alg: alg as string, kid, issuer: iss, isAccessToken: kind === "at+jwt" });
}

/** The claims of a token whose signature was checked; `null` when they are none. */
export function parseClaims(bytes: Uint8Array): Claims | null {
  try {
    const claims = parseJson(decoder.decode(bytes));
    return isJsonObject(claims) ? claims : null;
  } catch {
    return null;
  }
}

function readPart(part: string): Claims | null {
  const bytes = fromBase64Url(part);
  return bytes === null ? null : parseClaims(bytes);
}

/** RFC 7515, 4.1.9: a media type, whose `application/` may be left out, in either case. */
function kindOf(typ: unknown): "at+jwt" | "jwt" | null {
  if (typ === undefined) return "jwt";
  if (typeof typ !== "string") return null;
  const name = typ.toLowerCase().replace(/^application\//, "");
  return name === "at+jwt" || name === "jwt" ? name : null;
}
