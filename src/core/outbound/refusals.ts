import { AppError } from "../../errors.ts";
import type { OutboundFault, OutboundRule } from "../../types/outbound.ts";

const MAX_HOST_CHARS = 100;

/** Why, to go on after "Not asked: <host>,". Whoever reads it may be the one who can change it. */
const REASONS: Readonly<Record<OutboundRule, string>> = {
  url: "the address cannot be read",
  scheme: "only https is, and http on this machine where MCP_ALLOW_PRIVATE_ORIGINS says so",
  userinfo: "an address must not hold a user or a password",
  name: "it is a name of this machine or of a network that is not the internet (MCP_ALLOW_PRIVATE_ORIGINS opens an origin)",
  address:
    "its address is not on the internet (MCP_ALLOW_PRIVATE_ORIGINS opens an origin of a private network)",
  port: "only the ports 443 and 8443 are (MCP_ALLOW_PRIVATE_ORIGINS opens an origin with another)",
  method: "the method is none that may be used",
  header: "a header is not valid, or for the server alone to set",
  body: "the body is too large, or the method takes none",
  limit: "a time or a size is not within its bounds",
  redirect:
    "nothing on the internet must lead to what MCP_ALLOW_PRIVATE_ORIGINS opens, by a redirect or by what a server says of itself",
};

export function refused({ rule, host }: OutboundFault): AppError {
  const whom = host === "" ? "" : ` ${JSON.stringify(host.slice(0, MAX_HOST_CHARS))},`;
  return new AppError("OUTBOUND_REFUSED", `Not asked:${whom} ${REASONS[rule]} (rule: ${rule}).`);
}

/** @param reason to go on after the host */
export function failed(host: string, reason: string, cause?: unknown): AppError {
  const options = cause === undefined ? undefined : { cause };
  return new AppError("OUTBOUND_FAILED", `"${host.slice(0, MAX_HOST_CHARS)}" ${reason}.`, options);
}

export function tooLarge(host: string, maxBytes: number): AppError {
  return new AppError(
    "OUTBOUND_TOO_LARGE",
    `"${host.slice(0, MAX_HOST_CHARS)}" answered more than ${maxBytes} bytes.`,
  );
}
