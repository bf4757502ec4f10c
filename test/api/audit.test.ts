import { describe, expect, it } from "vitest";
import { systemTime } from "../../adapters/node/runtime.ts";
import { createAuditLog } from "../../src/core/audit.ts";
import { createMemoryAudit, createScrubber } from "../../src/index.ts";
import { openAdminApp } from "../helpers/admin-app.ts";
import { createRecordingLogger } from "../helpers/logger.ts";

interface Listed {
  readonly seq: number;
  readonly actor: string;
  readonly subject: string;
  readonly detail: object | null;
}

/** A server with `count` records of two actors, and a token that may read all of them. */
async function open(count: number) {
  const audit = createAuditLog({
    key: new Uint8Array(32).fill(3),
    sinks: [createMemoryAudit()],
    scrubber: createScrubber(),
    // All within one moment, which is where pages are hardest to cut.
    time: { ...systemTime, now: () => 1_700_000_000_000 },
    logger: createRecordingLogger(),
  });
  for (let number = 1; number <= count; number++) {
    await audit.record({
      actor: number % 2 === 0 ? "client:even" : "client:odd",
      action: "credential.read",
      instanceId: "notes",
      subject: `shared/key-${number}`,
      outcome: "ok",
      requestId: null,
      detail: { number },
    });
  }
  const app = await openAdminApp({ deps: { audit, auditTrail: audit } });
  const made = await app.admin("POST /api/tokens", { name: "a", scopes: ["auditor"] });
  return { app, auditor: made.json.secret as string };
}

async function pages(app: Awaited<ReturnType<typeof open>>["app"], query: string, key?: string) {
  const found: Listed[][] = [];
  let cursor = "";
  do {
    const { json } = await app.admin(`GET /api/audit?${query}${cursor}`, undefined, key);
    found.push(json.data);
    cursor = json.nextCursor === null ? "" : `&cursor=${json.nextCursor}`;
  } while (cursor !== "");
  return found;
}

describe("GET /api/audit", () => {
  it("answers every record once, newest first, page by page", async () => {
    const { app } = await open(23);
    const found = await pages(app, "action=credential.read&limit=5");
    expect(found.map((page) => page.length)).toEqual([5, 5, 5, 5, 3]);
    const subjects = found.flat().map(({ subject }) => subject);
    expect(subjects).toEqual(Array.from({ length: 23 }, (_, at) => `shared/key-${23 - at}`));
  });

  it("filters", async () => {
    const { app } = await open(6);
    const [found] = await pages(app, "actor=client:even&plugin=notes");
    expect(found!.map(({ subject }) => subject)).toEqual(
      ["6", "4", "2"].map((number) => `shared/key-${number}`),
    );
    expect((await pages(app, "until=1699999999999")).flat()).toEqual([]);
  });

  it("shows details to auditors alone", async () => {
    const { app, auditor } = await open(1);
    const details = async (key?: string) =>
      (await pages(app, "action=credential.read", key)).flat().map(({ detail }) => detail);
    expect(await details()).toEqual([null]);
    expect(await details(auditor)).toEqual([{ number: 1 }]);
  });

  it.each([
    ["limit=0"],
    ["limit=201"],
    ["limit=x"],
    ["cursor=x"],
    // ["abc","x","y"] and ["1"]
    ["cursor=WyJhYmMiLCJ4IiwieSJd"],
    ["cursor=WyIxIl0"],
    ["since=tomorrow"],
    ["nobody=1"],
  ])("refuses ?%s", async (query) => {
    const { app } = await open(1);
    const { status, json } = await app.admin(`GET /api/audit?${query}`);
    expect([status, json.code]).toEqual([400, "QUERY_INVALID"]);
  });
});

describe("GET /api/audit/export", () => {
  it("gives an auditor the records as they were written, and an administrator nothing", async () => {
    const { app, auditor } = await open(3);
    const response = await app.request("/api/audit/export?action=credential.read", {
      key: auditor,
    });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await response.text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).subject)).toEqual(
      ["1", "2", "3"].map((number) => `shared/key-${number}`),
    );
    expect(JSON.parse(lines[0]!)).toHaveProperty("mac");
    expect((await app.admin("GET /api/audit/export")).status).toBe(403);
  });
});

it("POST /api/audit/verify says that all is as it was written", async () => {
  const { app } = await open(3);
  const { json } = await app.admin("POST /api/tokens", { name: "v", scopes: ["audit:read"] });
  const key = json.secret as string;
  const verified = await app.request("/api/audit/verify", { method: "POST", key });
  const last = (await verified.text()).trim().split("\n").at(-1)!;
  expect(JSON.parse(last)).toMatchObject({ done: true, ok: true, faults: [] });
});
