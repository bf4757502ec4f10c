import { describe, expect, it } from "vitest";
import { createTestApp, type TestApp } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";

describe.each(WAYS)("health, $way", ({ open }) => {
  it("is ok as soon as the process answers, and ready once the plugins were started", async () => {
    const app = await open({ started: false });
    expect(await answer(app, "/healthz")).toEqual([200, { status: "ok" }]);
    expect(await answer(app, "/readyz")).toEqual([503, { status: "not ready" }]);
    await app.start();
    expect(await answer(app, "/readyz")).toEqual([200, { status: "ready" }]);
  });

  it("needs no key", async () => {
    const app = await open();
    expect((await app.request("/healthz", { key: null })).status).toBe(200);
    expect((await app.request("/readyz", { key: null })).status).toBe(200);
  });

  it("is not ready while storage does not answer, and says so as JSON", async () => {
    let storage = false;
    const app = await open({ deps: { isStorageReady: async () => storage } });
    const response = await app.request("/readyz");
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect([response.status, await response.json()]).toEqual([503, { status: "not ready" }]);
    expect(await answer(app, "/healthz")).toEqual([200, { status: "ok" }]);
    storage = true;
    expect(await answer(app, "/readyz")).toEqual([200, { status: "ready" }]);
  });

  it("is not ready when asking storage fails, and logs why without telling it", async () => {
    const isStorageReady = () => Promise.reject(new Error("disk I/O error at /srv/secret.db"));
    const app = await open({ deps: { isStorageReady } });
    expect(await answer(app, "/readyz")).toEqual([503, { status: "not ready" }]);
    expect(app.logs.filter(({ level }) => level === "warn")).toEqual([
      {
        level: "warn",
        message: "Storage does not answer",
        fields: { error: "disk I/O error at /srv/secret.db" },
      },
    ]);
  });
});

it("is not ready any more once the server closes", async () => {
  const app = await createTestApp();
  expect((await app.request("/readyz")).status).toBe(200);
  await app.close();
  expect(await answer(app, "/readyz")).toEqual([503, { status: "not ready" }]);
  expect(await answer(app, "/healthz")).toEqual([200, { status: "ok" }]);
});

async function answer(app: Pick<TestApp, "request">, path: string): Promise<[number, unknown]> {
  const response = await app.request(path);
  return [response.status, await response.json()];
}
