import { AppError } from "../errors.ts";
import type { Time } from "../types/runtime.ts";
import { fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from "../util/bytes.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import { toJsonText } from "../util/json-text.ts";
import { ok, refuse, type Result } from "../util/result.ts";

const VERSION = "v1";
const IV_BYTES = 12;
const LIFETIME_MS = 10 * 60_000;
/** Characters of JSON text. The client carries it, and repeats it beside its answers in one body. */
const MAX_STATE_CHARS = 256 * 1024;
/** What such a state takes at most when sealed: three bytes a character, in base64. */
const MAX_SEALED_CHARS = 5 * MAX_STATE_CHARS;

/** The call that a state belongs to: it opens for no other one. */
export interface StateBinding {
  readonly principalId: string;
  readonly method: string;
  /** Tool or prompt name, or resource URI. */
  readonly target: string;
  readonly args: unknown;
}

/**
 * Seals the state of a call that waits for input. The client carries it between two requests, so it is encrypted and
 * authenticated, bound to principal and call, and good for ten minutes.
 *
 * @see MCP 2026-07-28, basic/patterns/mrtr, "requestState"
 */
export interface StateSealer {
  /** @throws AppError `PLUGIN_INVALID` for a state that is not JSON or too large */
  seal(binding: StateBinding, state: unknown): Promise<string>;
  /** Refuses alike whatever is wrong; the reason is for the log. */
  open(
    binding: StateBinding,
    sealed: string,
  ): Promise<Result<unknown, "malformed" | "not-authentic" | "expired">>;
}

/** @param stateKey 32 bytes, the same on every process that may receive the repeated call; they are zeroed */
export async function createStateSealer(stateKey: Uint8Array, time: Time): Promise<StateSealer> {
  const key = await deriveKey(stateKey);
  return {
    async seal(binding, state) {
      const content = toJsonText({ state, expires: time.now() + LIFETIME_MS }, MAX_STATE_CHARS);
      if (!content.ok) {
        throw new AppError("PLUGIN_INVALID", `The state of inputRequired() ${content.reason}.`);
      }
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = await crypto.subtle.encrypt(parameters(iv, binding), key, utf8(content.value));
      const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
      bytes.set(iv);
      bytes.set(new Uint8Array(sealed), IV_BYTES);
      return `${VERSION}.${toBase64Url(bytes)}`;
    },
    async open(binding, sealed) {
      const [version, body = "", ...rest] = sealed.split(".");
      const bytes = sealed.length > MAX_SEALED_CHARS ? null : fromBase64Url(body);
      if (version !== VERSION || rest.length > 0 || bytes === null || bytes.length <= IV_BYTES) {
        return refuse("malformed");
      }
      let content: ArrayBuffer;
      try {
        const iv = bytes.subarray(0, IV_BYTES);
        content = await crypto.subtle.decrypt(
          parameters(iv, binding),
          key,
          bytes.subarray(IV_BYTES),
        );
      } catch {
        return refuse("not-authentic");
      }
      const { state, expires } = JSON.parse(new TextDecoder().decode(content)) as {
        state: unknown;
        expires: number;
      };
      return time.now() < expires ? ok(state) : refuse("expired");
    },
  };
}

function parameters(iv: Uint8Array<ArrayBuffer>, binding: StateBinding): AesGcmParams {
  const { principalId, method, target, args } = binding;
  const additionalData = lengthPrefixed([
    "mcp-plugin-server.request-state",
    VERSION,
    principalId,
    method,
    target,
    canonicalJson(args ?? {}),
  ]);
  return { name: "AES-GCM", iv, tagLength: 128, additionalData };
}

async function deriveKey(stateKey: Uint8Array): Promise<CryptoKey> {
  const bytes = stateKey as Uint8Array<ArrayBuffer>;
  const material = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  stateKey.fill(0);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8("request-state") },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
