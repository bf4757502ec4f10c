import { describe, expect, it } from "vitest";
import { createMemoryInstances, createMemoryToolSettings } from "../../src/index.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { ALL, listed, openToolsApp } from "../helpers/tools-app.ts";

const LOOK_MS = 20_000;

/** Two servers on one database. */
async function openTwo() {
  const instances = createMemoryInstances();
  const toolSettings = createMemoryToolSettings();
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const here = await openToolsApp({ deps: { instances, toolSettings, time } });
  const there = await openToolsApp({ deps: { instances, toolSettings, time, logger } });
  return { here, there, time, instances, logger };
}

describe("what another server on the same database changes", () => {
  it("is taken over within 20 seconds: instances that come, go and are set anew", async () => {
    const { here, there, time } = await openTwo();
    const made = await here.admin("POST /api/plugins", { id: "more", package: "./text" });
    expect(made.status).toBe(201);
    await here.admin("POST /api/plugins/math/disable");
    expect(await listed(there)).toEqual(ALL);
    await time.advance(LOOK_MS);
    expect(await listed(there)).toEqual(["more_half", "more_upper", "text_half", "text_upper"]);
    await here.admin("DELETE /api/plugins/more");
    await here.admin("POST /api/plugins/math/enable");
    await time.advance(LOOK_MS);
    expect(await listed(there)).toEqual(ALL);
  });

  it("is taken over where an instance is gone and there again as another one", async () => {
    const { here, there, time } = await openTwo();
    await here.admin("POST /api/plugins", { id: "more", package: "./text" });
    await time.advance(LOOK_MS);
    await here.admin("DELETE /api/plugins/more");
    await here.admin("POST /api/plugins", { id: "more", package: "./math" });
    await time.advance(LOOK_MS);
    const { json } = await there.admin("GET /api/plugins/more");
    expect(json).toMatchObject({ package: "./math", state: "running" });
  });

  it("is taken over within 20 seconds: how tools are offered", async () => {
    const { here, there, time } = await openTwo();
    await here.admin("PUT /api/tools/math/half", { enabled: false });
    await here.admin("PUT /api/tools/math/who", { name: "me" });
    await time.advance(LOOK_MS);
    expect(await listed(there)).toEqual(["math_ask", "math_fail", "me", "text_half", "text_upper"]);
  });

  it("is taken over later where the database does not answer at first", async () => {
    const { here, there, time, instances, logger } = await openTwo();
    await here.admin("POST /api/plugins/math/disable");
    const list = instances.list.bind(instances);
    instances.list = () => Promise.reject(new Error("The database is away."));
    await time.advance(LOOK_MS);
    expect(logger.records.map(({ message }) => message)).toContain(
      "Could not take over what others have changed",
    );
    expect(await listed(there)).toEqual(ALL);
    instances.list = list;
    await time.advance(LOOK_MS);
    expect(await listed(there)).toEqual(["text_half", "text_upper"]);
  });

  it("is not looked for any more when the server has been closed", async () => {
    const { there, time, instances } = await openTwo();
    await there.close();
    let looks = 0;
    const list = instances.list.bind(instances);
    instances.list = () => (looks++, list());
    await time.advance(3 * LOOK_MS);
    // The other one's.
    expect(looks).toBe(3);
  });
});
