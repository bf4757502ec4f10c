import { describe, expect, it } from "vitest";
import { createServerProof } from "../../src/core/auth/server-proof.ts";
import { WAYS } from "../helpers/ways.ts";

const PATH = "/api/server-proof";
const CHALLENGE = Buffer.alloc(32, 9).toString("base64url");
const makeProof = () => createServerProof(new Uint8Array(32).fill(5));

describe.each(WAYS)(`${PATH}, $way`, ({ open }) => {
  it("answers a challenge without a key, with the proof and nothing else", async () => {
    const serverProof = await makeProof();
    const app = await open({ deps: { serverProof } });
    const response = await app.request(`${PATH}?challenge=${CHALLENGE}`, { key: null });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({ proof: await serverProof.answer(CHALLENGE) });
  });

  it.each(["", "?challenge=", "?challenge=AAAA", `?challenge=${CHALLENGE}AA`])(
    "knows nothing to say to %j",
    async (query) => {
      const app = await open({ deps: { serverProof: await makeProof() } });
      const response = await app.request(`${PATH}${query}`, { key: null });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
    },
  );

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("has no %s", async (method) => {
    const app = await open({ deps: { serverProof: await makeProof() } });
    const target = `${PATH}?challenge=${CHALLENGE}`;
    expect((await app.request(target, { method, key: null })).status).toBe(404);
  });

  it("is not there where no file names the server", async () => {
    const app = await open();
    const response = await app.request(`${PATH}?challenge=${CHALLENGE}`, { key: null });
    expect(response.status).toBe(404);
  });

  it("is behind the checks of host and origin", async () => {
    const app = await open({ deps: { serverProof: await makeProof() } });
    const target = `${PATH}?challenge=${CHALLENGE}`;
    for (const headers of [{ host: "evil.example" }, { origin: "https://evil.example" }]) {
      expect((await app.request(target, { headers, key: null })).status).toBe(403);
    }
  });
});
