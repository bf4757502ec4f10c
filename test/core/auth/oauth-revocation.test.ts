import { describe, expect, it } from "vitest";
import { startLoopbackServer, type LoopbackAnswer } from "../../helpers/loopback-server.ts";
import { createFixture, toSpec } from "./oauth-fixture.ts";

describe("the end of a grant", () => {
  const token = { accessToken: "an-access-token", refreshToken: "a-refresh-token" };
  const revoke = async (
    answers: LoopbackAnswer[],
    given: typeof token | { accessToken: string },
  ) => {
    const coming = [...answers];
    const server = await startLoopbackServer({ "POST /revoke": () => coming.shift()! });
    const urls = {
      authorization: `${server.origin}/a`,
      token: `${server.origin}/t`,
      revocation: `${server.origin}/revoke`,
    };
    const { spec } = toSpec({ declared: { urls }, settings: { clientId: "client" } });
    const outcome = await createFixture().client.revoke(spec, given);
    const sent = server.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    return { outcome, sent };
  };
  const bad = (error: string) => ({ status: 400, body: { error } });

  it.each<[string, LoopbackAnswer[], string]>([
    ["both are taken", [{}, {}], "revoked"],
    ["the access token went with the other", [{}, bad("invalid_token")], "revoked"],
    ["access tokens are not taken back", [{}, bad("unsupported_token_type")], "revoked"],
    ["neither was any good", [bad("invalid_token"), bad("invalid_token")], "revoked"],
    ["the refresh token stays", [{ status: 500 }, {}], "failed"],
    ["the access token stays", [{}, { status: 500 }], "failed"],
    ["the client is not known", [bad("invalid_client"), bad("invalid_client")], "failed"],
    ["it is sent elsewhere", [{ status: 307, headers: { location: "/x" } }, {}], "failed"],
  ])("when %s", async (_what, answers, expected) => {
    const { outcome, sent } = await revoke(answers, token);
    expect(outcome).toBe(expected);
    expect(sent).toEqual([
      { token: "a-refresh-token", token_type_hint: "refresh_token", client_id: "client" },
      { token: "an-access-token", token_type_hint: "access_token", client_id: "client" },
    ]);
  });

  it.each<[string, LoopbackAnswer, string]>([
    ["taken", {}, "revoked"],
    ["of a kind that is not taken back", bad("unsupported_token_type"), "unsupported"],
    ["not taken", { status: 503 }, "failed"],
  ])("for an access token alone that is %s", async (_what, answer, expected) => {
    const { outcome } = await revoke([answer], { accessToken: "an-access-token" });
    expect(outcome).toBe(expected);
  });

  it("is left to time where there is no way to it, and failed where nobody answers", async () => {
    const { client } = createFixture();
    const settings = { clientId: "client" };
    const urls = { authorization: "http://127.0.0.1:9/a", token: "http://127.0.0.1:9/t" };
    const without = toSpec({ declared: { urls }, settings });
    await expect(client.revoke(without.spec, token)).resolves.toBe("unsupported");
    const gone = toSpec({
      declared: { urls: { ...urls, revocation: "http://127.0.0.1:9/r" } },
      settings,
    });
    await expect(client.revoke(gone.spec, token)).resolves.toBe("failed");
    const nobody = toSpec({ declared: { provider: "nobody" }, settings });
    await expect(client.revoke(nobody.spec, token)).resolves.toBe("failed");
  });
});
