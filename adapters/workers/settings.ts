import {
  AppError,
  bearerSecretFault,
  parseMasterKey,
  parsePrivateOrigins,
  parsePublicOrigin,
  type OutboundPolicy,
  type ServerConfig,
} from "../../src/index.ts";

/** What the Worker is bound to: secrets (`wrangler secret put NAME`) and one plain variable, `PUBLIC_URL`. */
export interface WorkerEnv {
  /** The bearer key of MCP clients. */
  readonly MCP_CLIENT_KEY?: string;
  /** The bearer token of the admin API. */
  readonly MCP_ADMIN_TOKEN?: string;
  /** 32 bytes as base64 or hex; the same for every isolate, so it cannot be made here. */
  readonly MCP_MASTER_KEY?: string;
  /** The origin that clients use, such as `https://mcp.example.org`. */
  readonly PUBLIC_URL?: string;
  /** `keys` or nothing: a Worker is reachable for everybody, so it never serves without keys. */
  readonly MCP_AUTH?: string;
  /** Origins on other ports than 443 and 8443; on this machine as well, for development. A Worker reaches no private network. */
  readonly MCP_ALLOW_PRIVATE_ORIGINS?: string;
}

export interface WorkerSettings {
  readonly clientKey: string;
  readonly adminToken: string;
  readonly masterKey: Uint8Array;
  /** An origin, without a slash at its end. */
  readonly publicUrl: string;
  readonly config: ServerConfig;
  readonly outbound: OutboundPolicy;
}

/**
 * Reads the Worker's environment.
 *
 * @throws AppError `CONFIG_INVALID` naming every variable that must be set or changed, and no value
 */
export function readWorkerSettings(env: WorkerEnv): WorkerSettings {
  const faults: string[] = [];
  const secret = (name: "MCP_CLIENT_KEY" | "MCP_ADMIN_TOKEN"): string => {
    const value = text(env[name]);
    const fault = value === "" ? "is not set" : bearerSecretFault(value);
    if (fault !== null) faults.push(`${name} ${fault}`);
    return value;
  };
  const clientKey = secret("MCP_CLIENT_KEY");
  const adminToken = secret("MCP_ADMIN_TOKEN");

  const masterKeyText = text(env.MCP_MASTER_KEY);
  const masterKey = parseMasterKey(masterKeyText);
  if (masterKeyText === "") faults.push("MCP_MASTER_KEY is not set");
  else if (!masterKey.ok) faults.push(`MCP_MASTER_KEY: ${masterKey.reason}`);

  const publicUrl = parsePublicOrigin(text(env.PUBLIC_URL));
  if (publicUrl === null) {
    faults.push(
      "PUBLIC_URL must be the origin that clients use, such as https://mcp.example.org (http on localhost alone)",
    );
  }
  if (!/^(keys)?$/.test(text(env.MCP_AUTH))) {
    faults.push("MCP_AUTH must be keys or not set: a Worker never serves without keys");
  }

  const outbound = parsePrivateOrigins(text(env.MCP_ALLOW_PRIVATE_ORIGINS));
  if (!outbound.ok) {
    faults.push(
      "MCP_ALLOW_PRIVATE_ORIGINS must be a list of origins, such as https://git.example.org:9443",
    );
  }

  if (faults.length > 0 || !masterKey.ok || publicUrl === null || !outbound.ok) {
    throw new AppError("CONFIG_INVALID", `${faults.join("; ")}.`);
  }
  const { origin, hostname } = publicUrl;
  return {
    clientKey,
    adminToken,
    masterKey: masterKey.value,
    publicUrl: origin,
    // An event stream and its posts would meet different isolates.
    config: { allowedHosts: [hostname], allowedOrigins: [origin], auth: "keys", sse: false },
    outbound: outbound.value,
  };
}

/** A binding of another kind under one of our names counts as not set. */
function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
