import { describe, expect, it } from "vitest";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { readSse } from "../../helpers/sse.ts";
import { OTHER_CLIENT_KEY } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

/** A plugin whose call reports, closes its stream if it is to, and answers when it is let go. */
function slow(closes: boolean) {
  const released = Promise.withResolvers<void>();
  const plugin = testPlugin({
    tools: {
      run: async (_, call) => {
        call.progress(1);
        if (closes) {
          await gone();
          call.closeStream();
        }
        await released.promise;
        call.progress(2);
        return "Done.";
      },
      hello: () => "Hello.",
    },
    getResources: () => [{ uri: "demo://a", name: "a", text: "" }],
  });
  return { plugin, release: released.resolve };
}

const RUN = {
  id: "run",
  method: "tools/call",
  params: { name: "demo_run", _meta: { progressToken: "t" } },
};

describe.each(WAYS)("a 2025-11-25 client that lost its stream, $way", ({ open }) => {
  it.each([
    ["because the plugin closed it", true],
    ["because its connection broke", false],
  ])("%s comes back for the rest of its call", async (_, closes) => {
    const { plugin, release } = slow(closes);
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const stream = readSse(await session.post(RUN));
    expect((await stream.next()).params.progress).toBe(1);
    const { lastEventId } = stream;
    expect(closes ? await stream.next() : await stream.cancel()).toBe(closes ? null : undefined);

    const resumed = await session.listen(lastEventId!);
    release();
    expect((await resumed.next()).params.progress).toBe(2);
    expect(await resumed.next()).toMatchObject({
      id: "run",
      result: { content: [{ text: "Done." }] },
    });
    expect(await resumed.next()).toBeNull();
  });

  it("gets what it missed in between, once, and in order", async () => {
    const { plugin, release } = slow(true);
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const stream = readSse(await session.post(RUN));
    await stream.rest();
    release();
    await session.call("ping");
    const again = await (await session.listen(stream.lastEventId!)).rest();
    expect(again.map(({ id, params }) => id ?? params.progress)).toEqual([2, "run"]);
  });

  it("gets notices that came while it was away", async () => {
    const { plugin } = slow(false);
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    await session.call("resources/subscribe", { uri: "demo://a" });
    const stream = await session.listen();
    plugin.context!.resourceUpdated("demo://a");
    expect(await stream.next()).toMatchObject({ method: "notifications/resources/updated" });
    const { lastEventId } = stream;
    await stream.cancel();
    await gone();
    plugin.getPrompts = () => [{ name: "new" }];
    plugin.context!.changed("prompts");
    await gone();
    const resumed = await session.listen(lastEventId!);
    expect(await resumed.next()).toMatchObject({ method: "notifications/prompts/list_changed" });
    plugin.context!.resourceUpdated("demo://a");
    expect(await resumed.next()).toMatchObject({ method: "notifications/resources/updated" });
  });

  it("gets nothing of another session by its event id", async () => {
    const { plugin, release } = slow(true);
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const stream = readSse(await session.post(RUN));
    await stream.rest();
    release();
    const other = await openSession(app, { key: OTHER_CLIENT_KEY });
    const response = await other.send({
      method: "GET",
      headers: { "last-event-id": stream.lastEventId! },
    });
    const heard = response.status === 200 ? await readSse(response).rest() : [];
    expect(JSON.stringify(heard)).not.toContain("Done.");
    const foreign = await other.send({
      method: "GET",
      headers: { "last-event-id": stream.lastEventId!, "mcp-session-id": session.id! },
    });
    expect(foreign.status).toBe(404);
  });

  it.each(["999999", "x", "__proto__", "-1"])(
    "and names the event %s is refused",
    async (eventId) => {
      const { plugin } = slow(true);
      const app = await open({ plugins: { demo: plugin } });
      const session = await openSession(app);
      const response = await session.send({ method: "GET", headers: { "last-event-id": eventId } });
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { code: -32000 } },
      ]);
    },
  );
});

/** Until the server has seen that a connection is gone. */
async function gone(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
