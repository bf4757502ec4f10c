import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/** Whether a request without query is signed by this key (AWS Signature, version 4). */
export function isSigned(
  request: IncomingMessage,
  body: string,
  key: { readonly id: string; readonly secret: string; readonly region: string },
): boolean {
  const match = AUTHORIZATION.exec(request.headers.authorization ?? "");
  if (match === null) return false;
  const [, id, day = "", region = "", service = "", signed = "", signature] = match;
  const names = signed.split(";");
  const time = String(request.headers["x-amz-date"]);
  if (id !== key.id || region !== key.region || !names.includes("host")) return false;
  const headers = names.map((name) => `${name}:${String(request.headers[name]).trim()}\n`).join("");
  const canonical = [request.method, request.url, "", headers, signed, sha256(body)].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const signingKey = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${key.secret}`,
  );
  return createHmac("sha256", signingKey).update(text).digest("hex") === signature;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
