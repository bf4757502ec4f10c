import { describe, expect, it } from "vitest";
import { toBase64Url, utf8 } from "../../../src/util/bytes.ts";
import { createFixture } from "./oauth-fixture.ts";
import { flow, GOOD, openTokenEndpoint } from "./oauth-token-endpoint.ts";

describe("a provider in trouble", () => {
  it.each<[status: number, isDefinite: true | undefined]>([
    [429, true],
    [503, true],
    // Such a one may have taken the refresh token before it broke.
    [500, undefined],
    [502, undefined],
    [504, undefined],
    [408, undefined],
  ])("that answers %i has definitely done nothing: %s", async (status, isDefinite) => {
    const { spec } = await openTokenEndpoint({ status });
    const refused = await createFixture().client.refresh(spec, "a-refresh-token", "read");
    if (refused.ok) throw new Error("It was granted.");
    expect([refused.reason.kind, refused.reason.isDefinite]).toEqual(["temporary", isDefinite]);
  });
});

describe("the name of an account", () => {
  it.each<[what: string, email: unknown, account: string | null]>([
    ["as it is", "zoë@example.test", "zoë@example.test"],
    ["without what a terminal would obey", "z\u001b[31mo\u0007e\u202e@x.test\n", "z[31moe@x.test"],
    ["200 characters long at most", "z".repeat(300), "z".repeat(200)],
    ["nobody's when nothing is left", "\u0007\u2028 ", null],
    ["nobody's when it is no text", 5, null],
  ])("is shown %s", async (_, email, account) => {
    const claims = toBase64Url(utf8(JSON.stringify({ email })));
    const { spec } = await openTokenEndpoint({ body: { ...GOOD, id_token: `e30.${claims}.x` } });
    const granted = await createFixture().client.exchange(spec, flow);
    expect(granted).toMatchObject({ ok: true, value: { account } });
  });
});
