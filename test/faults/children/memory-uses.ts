import { once } from "node:events";
import { readSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { systemTime } from "../../../adapters/node/runtime.ts";
import { createDesk } from "../../../src/core/plugin-services.ts";
import { createScrubber } from "../../../src/index.ts";
import { readPemKey } from "../../../src/util/pem-key.ts";
import { allocateSecret } from "../../../src/util/secret-bytes.ts";
import { MEMORY_SECRETS } from "../memory-secrets.ts";
import { FAULT_ACTOR, openPlace } from "../node-place.ts";
import { stayAlive } from "./say.ts";
import { NO_OUTBOUND } from "../../helpers/no-outbound.ts";

// Stores secrets that come on stdin, uses each so many times and says so. After one more byte on stdin, it collects garbage,
// says so, and stays:
//   <folder> <uses> <port of an HTTP server> [keep]   with keep, somebody keeps strings of them, and a key
const [folder = "", uses = "", port = "", keeps] = process.argv.slice(2);
const INSTANCE = "memory";

stayAlive();
const { vault } = await openPlace(folder, "database");
const own = vault.for("shared", FAULT_ACTOR);
const { services } = createDesk({
  instanceId: INSTANCE,
  ownerOf: () => "shared",
  isSecret: () => true,
  vault,
  accountOf: () => null,
  outbound: NO_OUTBOUND,
  createScrubber,
  time: systemTime,
});

for (const name of MEMORY_SECRETS) {
  const length = allocateSecret(4);
  readWhole(length);
  const secret = allocateSecret(new DataView(length.buffer).getUint32(0));
  readWhole(secret);
  await own.storeCredentialBytes(INSTANCE, name, secret);
}

const socket = connect(Number(port), "127.0.0.1");
socket.setNoDelay(true);
await once(socket, "connect");
for (let use = 0; use < Number(uses); use++) {
  await own.useCredential(INSTANCE, "token", sendRequest);
  for (const algorithm of ["HS256", "RS256", "ES256"] as const) {
    const token = await services.signJwt({ algorithm, key: algorithm, claims: { use } });
    if (token.split(".").length !== 3) throw new Error("No token came.");
  }
}
socket.end();

if (keeps === "keep") {
  const kept: unknown[] = [];
  for (const name of MEMORY_SECRETS) kept.push(await own.retrieveCredential(INSTANCE, name));
  await own.useCredential(INSTANCE, "RS256", async (secret) => {
    const pem = readPemKey(secret);
    if (pem.kind !== "pkcs8") throw new Error("That is no key.");
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    kept.push(pem.der, await crypto.subtle.importKey("pkcs8", pem.der, rsa, false, ["sign"]));
  });
  Object.assign(globalThis, { kept });
}

writeSync(1, "used\n");
readWhole(new Uint8Array(1));

// What a collection frees only the next one may finalize, and native parts go in a turn after it.
for (let round = 0; round < 5; round++) {
  globalThis.gc!();
  await sleep(50);
}
writeSync(1, "collected\n");

/** Straight into the memory that the caller zeroes. */
function readWhole(into: Uint8Array): void {
  for (let read = 0; read < into.length;) {
    try {
      read += readSync(0, into, read, into.length - read, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** A request that has the token in a header, from bytes to bytes, as a guarded fetch sends it. */
async function sendRequest(token: Uint8Array): Promise<void> {
  const before = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ";
  const request = allocateSecret(before.length + token.length + 4);
  const encoder = new TextEncoder();
  encoder.encodeInto(before, request);
  request.set(token, before.length);
  encoder.encodeInto("\r\n\r\n", request.subarray(before.length + token.length));
  const answered = once(socket, "data");
  try {
    await new Promise<void>((resolve, reject) =>
      socket.write(request, (error) => (error ? reject(error) : resolve())),
    );
  } finally {
    request.fill(0);
  }
  const [answer] = (await answered) as [Buffer];
  if (!answer.toString("latin1").startsWith("HTTP/1.1 204"))
    throw new Error("The token was wrong.");
}
