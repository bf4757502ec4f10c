import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openAdminApp } from "../helpers/admin-app.ts";
import { NO_TRAIL } from "../helpers/no-trail.ts";
import { ROOT } from "../helpers/server-process.ts";
import { apiReference, type ApiDocument } from "./api-reference.ts";
import { fencesOf } from "./markdown.ts";

const PAGE = "docs/api.md";
const examples = fencesOf(readFileSync(join(ROOT, PAGE), "utf8"))
  .filter(({ language }) => language === "http")
  .map(({ code, line }) => {
    const [request = "", answer = ""] = code.split("\n\n");
    const [route = "", ...body] = request.split("\n");
    const [status = "", ...shown] = answer.split("\n");
    return { line, route, body: body.join("\n"), status: Number(status), shown: shown.join("\n") };
  });

describe("the examples of docs/api.md", () => {
  it.each(examples)("line $line: $route", async ({ route, body, status, shown }) => {
    const app = await openAdminApp({ deps: { auditTrail: NO_TRAIL } });
    const answer = await app.admin(route, body === "" ? undefined : JSON.parse(body));
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject(likeness(JSON.parse(shown)) as object);
  });

  it("are there", () => {
    expect(examples.length).toBeGreaterThan(4);
  });
});

it("docs/api-routes.md tells of every route as it is", async () => {
  const app = await openAdminApp({ deps: { auditTrail: NO_TRAIL } });
  const { json } = await app.admin("GET /openapi.json");
  await expect(apiReference(json as ApiDocument)).toMatchFileSnapshot(
    join(ROOT, "docs/api-routes.md"),
  );
});

/** What an example shows, where `…` stands for more. */
function likeness(value: unknown): unknown {
  if (typeof value === "string")
    return value.endsWith("…") ? startsWith(value.slice(0, -1)) : value;
  if (Array.isArray(value)) {
    const items = value.filter((item) => item !== "…").map(likeness);
    return items.length < value.length ? contains(items) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, likeness(member)]),
  );
}

const startsWith = (text: string): unknown => expect.stringMatching(new RegExp(`^${text}`));
const contains = (items: unknown[]): unknown => expect.arrayContaining(items);
