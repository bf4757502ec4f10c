import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { problem } from "../../src/api/problem.ts";
import { ERROR_CODES, type ErrorCode } from "../../src/errors.ts";
import { modernRequest } from "../helpers/mcp.ts";
import type { TestRequest } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";

const doc = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
const sections = new Map(
  doc
    .split(/^(?=##? )/m)
    .filter((section) => section.startsWith("## "))
    .map((section) => [/^## (.*)$/m.exec(section)![1]!, section]),
);

describe("docs/errors.md", () => {
  it("has a section for every code and for nothing else", () => {
    expect([...sections.keys()].toSorted()).toEqual([...ERROR_CODES].toSorted());
  });

  it.each(ERROR_CODES)("says of %s its status, what it means and what to do", (code) => {
    const section = sections.get(code)!;
    expect(section).toMatch(new RegExp(`^HTTP ${problem(code, "").status}[.,]`, "m"));
    expect(section).toMatch(/^What to do: \S/m);
  });
});

describe("a code", () => {
  const sources = ["src", "adapters"].flatMap((folder) =>
    readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !/(^|\/)(errors|problem)\.ts$/.test(name))
      .map((name) => readFileSync(new URL(`../../${folder}/${name}`, import.meta.url), "utf8")),
  );

  it.each(ERROR_CODES)("%s is raised somewhere", (code) => {
    const raised = sources.some((text) => text.includes(`"${code}"`));
    expect(raised || code === "INTERNAL").toBe(true);
  });
});

describe("a problem", () => {
  it.each(ERROR_CODES)("of %s has its code, its own sentence and the request id", async (code) => {
    const response = problem(code, "request-1");
    const { title, ...rest } = (await response.json()) as { title: string };
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(rest).toEqual({
      type: `urn:mcp-plugin-server:error:${code}`,
      status: response.status,
      code,
      requestId: "request-1",
    });
    expect(title).toMatch(/^[A-Z].*\.$/);
  });

  it("has a sentence that no other code has", async () => {
    const titleOf = async (code: ErrorCode) =>
      ((await problem(code, "").json()) as { title: string }).title;
    const titles = await Promise.all(ERROR_CODES.map(titleOf));
    expect(new Set(titles).size).toBe(ERROR_CODES.length);
  });
});

const CANARY = "canary-8c1f";

/** Requests that carry a canary wherever a client can put one, and are refused. */
const REFUSED: readonly [code: ErrorCode, path: string, init: TestRequest][] = [
  ["HOST_REFUSED", `/${CANARY}?q=${CANARY}`, { headers: { host: `${CANARY}.example` } }],
  ["ORIGIN_REFUSED", "/mcp", { headers: { origin: `http://${CANARY}.example` } }],
  ["UNAUTHENTICATED", `/mcp?key=${CANARY}`, { headers: { authorization: `Bearer ${CANARY}` } }],
  ["UNAUTHENTICATED", "/api/plugins", { headers: { authorization: `${CANARY} ${CANARY}` } }],
  ["FORBIDDEN", `/api/plugins?q=${CANARY}`, { headers: { "x-canary": CANARY } }],
  ["NOT_FOUND", `/${CANARY}/${CANARY}?${CANARY}=${CANARY}`, {}],
  ["NOT_FOUND", "/api/about", { method: "POST", body: JSON.stringify({ [CANARY]: CANARY }) }],
  ["UNAUTHENTICATED", "/mcp", { ...modernRequest(CANARY, { name: CANARY }), key: CANARY }],
];

describe.each(WAYS)("a refusal, $way", ({ open }) => {
  it.each(REFUSED)("with %s repeats nothing of what was sent (%s)", async (code, path, init) => {
    const app = await open();
    const response = await app.request(path, init);
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({ code });
    expect(body).not.toContain(CANARY);
    expect(JSON.stringify([...response.headers])).not.toContain(CANARY);
  });
});
