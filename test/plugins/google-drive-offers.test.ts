import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import googleDrive from "../../plugins/google-drive/index.ts";
import { readAuthConfig } from "../../src/core/auth-config.ts";

describe("the Google Drive plugin", () => {
  it("asks for one account, and for nothing but to read it", () => {
    expect(googleDrive.auth).toEqual({
      type: "oauth2",
      required: true,
      fields: {},
      oauth: {
        provider: "google",
        scopes: ["https://www.googleapis.com/auth/drive.readonly"],
      },
    });
    expect(readAuthConfig(null, googleDrive.auth)).toMatchObject({ ok: true });
  });

  it("has strict tools that change nothing, each with the schema of its answer", () => {
    expect(
      googleDrive.getTools().map(({ name, annotations, inputSchema, outputSchema }) => ({
        name,
        annotations,
        isStrict: inputSchema?.["additionalProperties"] === false,
        answers: outputSchema?.["type"],
      })),
    ).toEqual(
      ["search_files", "get_file", "read_file", "list_changes"].map((name) => ({
        name,
        annotations: { readOnlyHint: true, openWorldHint: true },
        isStrict: true,
        answers: "object",
      })),
    );
  });
});

describe("the settings", () => {
  const check = createAjvEngine().compile(googleDrive.configSchema!);

  it.each([
    {},
    { baseUrl: "https://www.googleapis.com/drive/v3/", timeoutMs: 120_000 },
    { baseUrl: "http://localhost:8080/drive/v3", sheetsUrl: "http://[::1]:8080/v4" },
  ])("may be %j", (settings) => {
    expect(check(settings)).toBeNull();
  });

  it.each([
    { place: "", settings: { scopes: [] } },
    { place: "/timeoutMs", settings: { timeoutMs: 99 } },
    { place: "/timeoutMs", settings: { timeoutMs: 120_001 } },
    ...["baseUrl", "sheetsUrl"].flatMap((name) =>
      [
        "http://www.googleapis.com/drive/v3",
        "http://127.0.0.1.example.org",
        "https://user:password@example.org",
        "https://example.org/?a=b",
        "",
      ].map((url) => ({ place: `/${name}`, settings: { [name]: url } })),
    ),
  ])("are refused: %j", ({ place, settings }) => {
    expect(check(settings)?.pointer).toBe(place);
  });
});
