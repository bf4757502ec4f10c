import { describe, expect, it } from "vitest";
import { ConnectQuestion, type ConnectDesk } from "../../src/core/connect-question.ts";
import { createPrincipal } from "../../src/core/auth/principals.ts";
import { AppError } from "../../src/errors.ts";
import type { CallInput } from "../../src/types/plugin.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

const ASKING = {
  instanceId: "drive",
  principal: createPrincipal("client-1", ["mcp"]),
  client: {
    protocolVersion: "2026-07-28",
    name: null,
    version: null,
    capabilities: { elicitation: { url: {} } },
  },
};
const OWN_INPUT: CallInput = { state: { page: 2 }, responses: { name: { action: "accept" } } };

/** A desk at which the account is connected from the look on with that number; never, when it is `null`. */
function open(connectedAt: number | null) {
  let looks = 0;
  const desk: ConnectDesk = {
    linkFor: async () => ({ url: "https://mcp.example.test/connect/a-handle", reason: null }),
    async isConnected() {
      looks += 1;
      return connectedAt !== null && looks >= connectedAt;
    },
  };
  const time = createFakeTime();
  return { question: new ConnectQuestion(desk, time), time, looks: () => looks };
}

/** What a client repeats a call with, after it was asked to connect. */
async function repeated(
  question: ConnectQuestion,
  { action = "accept", input = null as CallInput | null } = {},
): Promise<CallInput> {
  const asked = await question.ask(new AppError("NOT_CONNECTED", "No account."), ASKING, input);
  if (asked?.kind !== "input-required") throw new Error("It was not asked.");
  return { state: asked.state, responses: { connect: { action } } };
}

describe("a call that is repeated after the question for an account", () => {
  it("goes on at once where the account is connected", async () => {
    const { question, time, looks } = open(1);
    const again = await repeated(question);
    await expect(question.resume(again, ASKING, null)).resolves.toEqual({ input: null });
    expect([looks(), time.pending()]).toEqual([1, 0]);
  });

  it("waits for a person who is still at the provider", async () => {
    const { question, time, looks } = open(3);
    let isOver = false;
    const resumed = question.resume(await repeated(question), ASKING, null);
    void resumed.then(() => (isOver = true));
    await time.advance(999);
    expect([looks(), isOver]).toEqual([2, false]);
    await time.advance(1);
    expect([looks(), isOver]).toEqual([3, true]);
    expect(await resumed).toEqual({ input: null });
  });

  it("is made after 20 seconds all the same, for the plugin to say what it lacks", async () => {
    const { question, time, looks } = open(null);
    let isOver = false;
    const resumed = question.resume(await repeated(question), ASKING, null);
    void resumed.then(() => (isOver = true));
    await time.advance(19_999);
    expect([looks(), isOver]).toEqual([40, false]);
    await time.advance(1);
    expect([looks(), isOver]).toEqual([41, true]);
    expect([await resumed, time.pending()]).toEqual([{ input: null }, 0]);
  });

  it("waits no longer when nobody waits for it", async () => {
    const { question, time, looks } = open(null);
    const caller = new AbortController();
    let isOver = false;
    const resumed = question.resume(await repeated(question), ASKING, caller.signal);
    void resumed.then(() => (isOver = true));
    await time.advance(500);
    expect([looks(), isOver]).toEqual([2, false]);
    caller.abort();
    await time.advance(500);
    expect([looks(), isOver, time.pending()]).toEqual([3, true, 0]);
    expect(await resumed).toEqual({ input: null });
  });

  it("brings the plugin what it was told before the question, and nothing of ours", async () => {
    const { question } = open(1);
    const again = await repeated(question, { input: OWN_INPUT });
    expect(await question.resume(again, ASKING, null)).toEqual({ input: OWN_INPUT });
  });

  it.each(["decline", "cancel"])(
    "is not made after %s, and nobody is waited for",
    async (action) => {
      const { question, looks } = open(null);
      const again = await repeated(question, { action });
      expect(await question.resume(again, ASKING, null)).toEqual({
        refusal: { kind: "tool-error", message: 'No account was connected to "drive".' },
      });
      expect(looks()).toBe(0);
    },
  );
});

describe("a call that is repeated after a question of the plugin's own", () => {
  it.each([
    ["nothing", null],
    ["what it asked for", OWN_INPUT],
  ])("brings the plugin %s", async (_, input) => {
    const { question, looks } = open(null);
    expect(await question.resume(input, ASKING, null)).toEqual({ input });
    expect(looks()).toBe(0);
  });
});
