import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { OAuthFlows } from "../../../src/core/auth/oauth-state.ts";
import { createMemoryOAuthFlows } from "../../../src/index.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { MINUTE } from "../../helpers/token-manager.ts";

const ASKED = { instanceId: "drive", owner: "shared", startedBy: "plugin:drive" } as const;
const TO = {
  departedBy: "admin",
  keyReference: null,
  issuer: null,
  client: "client",
  scope: "read",
  redirectUri: "https://tools.example/oauth/callback/drive",
};

function openFlows() {
  const time = createFakeTime();
  const flows = new OAuthFlows({ store: createMemoryOAuthFlows(), sha256, time });
  return { flows, time };
}

describe("a link that is asked for again and again", () => {
  it("is the same while it is good for five minutes more", async () => {
    const { flows, time } = openFlows();
    const first = await flows.beginOnce(ASKED);
    await time.advance(5 * MINUTE - 1);
    expect(await flows.beginOnce(ASKED)).toBe(first);
    await time.advance(1);
    expect(await flows.beginOnce(ASKED)).not.toBe(first);
  });

  it.each<[string, Parameters<OAuthFlows["begin"]>[0]]>([
    ["instance", { ...ASKED, instanceId: "other" }],
    ["owner", { ...ASKED, owner: "client:a" }],
    ["starter", { ...ASKED, startedBy: "plugin:other" }],
  ])("is another one for another %s", async (_what, other) => {
    const { flows } = openFlows();
    const first = await flows.beginOnce(ASKED);
    expect(await flows.beginOnce(other)).not.toBe(first);
    expect(await flows.beginOnce(ASKED)).toBe(first);
  });

  it("is another one when a person has gone on with it, or it has ended", async () => {
    const { flows } = openFlows();
    const first = await flows.beginOnce(ASKED);
    const flow = (await flows.find(first))!;
    await flows.depart(flow, await flows.prepare(null), TO);
    const second = await flows.beginOnce(ASKED);
    expect(second).not.toBe(first);
    await flows.end((await flows.find(second))!);
    expect(await flows.beginOnce(ASKED)).not.toBe(second);
  });
});
