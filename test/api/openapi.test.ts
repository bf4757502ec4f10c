import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { NO_TRAIL } from "../helpers/no-trail.ts";
import { createTestApp } from "../helpers/test-app.ts";

type Operation = Readonly<Record<string, unknown>> & {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
};

async function read() {
  const app = await createTestApp({ deps: { auditTrail: NO_TRAIL } });
  const response = await app.request("/openapi.json", { key: null });
  expect(response.headers.get("content-type")).toBe("application/json");
  return (await response.json()) as {
    readonly openapi: string;
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  };
}

describe("/openapi.json", () => {
  it("is a valid document of OpenAPI 3.1, to the letter", async () => {
    const validator = new Validator({ strict: false });
    const document = await read();
    const found = await validator.validate(structuredClone(document));
    expect(found).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("has an id of its own for every operation, and no reference to nothing", async () => {
    const document = await read();
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids.length).toBeGreaterThan(25);
    expect(new Set(ids).size).toBe(ids.length);
    const references = JSON.stringify(document).matchAll(
      /"\$ref":"#\/components\/schemas\/([^"]+)"/g,
    );
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!);
  });

  it("says of every operation whether it needs a token, and what a refusal looks like", async () => {
    const { paths } = await read();
    const open = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => (security as unknown[]).length === 0)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    expect(open.toSorted()).toEqual([
      "GET /healthz",
      "GET /openapi.json",
      "GET /readyz",
      "POST /api/session",
    ]);
    for (const [path, methods] of Object.entries(paths)) {
      for (const { security, responses } of Object.values(methods)) {
        if ((security as unknown[]).length === 0) continue;
        expect([path, Object.keys(responses)]).toEqual([
          path,
          expect.arrayContaining(["401", "403"]),
        ]);
      }
    }
  });
});
