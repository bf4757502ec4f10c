import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createServerProof } from "../../../src/core/auth/server-proof.ts";

const SECRET = Buffer.alloc(32, 5);
const CHALLENGE = Buffer.alloc(32, 9).toString("base64url");
const EXPECTED = createHmac("sha256", SECRET).update(Buffer.alloc(32, 9)).digest("base64url");

const proofOf = (secret: Uint8Array) => createServerProof(Uint8Array.from(secret));

describe("the proof of a server", () => {
  it("is HMAC-SHA-256 of the challenge by the secret", async () => {
    expect(await (await proofOf(SECRET)).answer(CHALLENGE)).toBe(EXPECTED);
  });

  it("is accepted by whoever has the secret, and by nobody who has another", async () => {
    expect(await (await proofOf(SECRET)).accepts(CHALLENGE, EXPECTED)).toBe(true);
    expect(await (await proofOf(Buffer.alloc(32, 6))).accepts(CHALLENGE, EXPECTED)).toBe(false);
  });

  it("is that of one challenge alone", async () => {
    const other = Buffer.alloc(32, 8).toString("base64url");
    expect(await (await proofOf(SECRET)).accepts(other, EXPECTED)).toBe(false);
  });

  it.each([
    undefined,
    null,
    true,
    {},
    "",
    CHALLENGE,
    EXPECTED.slice(0, -1),
    `${EXPECTED}A`,
    `${EXPECTED}=`,
    ` ${EXPECTED}`,
    [EXPECTED],
  ])("is not %j", async (answer) => {
    expect(await (await proofOf(SECRET)).accepts(CHALLENGE, answer)).toBe(false);
  });

  it("is refused with any bit of it turned over", async () => {
    const proof = await proofOf(SECRET);
    for (let bit = 0; bit < 256; bit++) {
      const flipped = Buffer.from(EXPECTED, "base64url");
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(await proof.accepts(CHALLENGE, flipped.toString("base64url"))).toBe(false);
    }
  });

  it.each(["", "A", CHALLENGE.slice(0, -2), `${CHALLENGE}AA`, "!".repeat(43), `${CHALLENGE}=`])(
    "is not given for the challenge %j, and nothing is accepted for it",
    async (challenge) => {
      const proof = await proofOf(SECRET);
      expect(await proof.answer(challenge)).toBeNull();
      expect(await proof.accepts(challenge, "")).toBe(false);
    },
  );

  it("needs 32 bytes of secret, and zeroes them", async () => {
    await expect(createServerProof(new Uint8Array(31))).rejects.toThrow(RangeError);
    const secret = new Uint8Array(32).fill(1);
    await createServerProof(secret);
    expect(secret).toEqual(new Uint8Array(32));
  });
});
