import { afterAll, beforeAll, describe, expect, it } from "vitest";
import googleDrive from "../../plugins/google-drive/index.ts";
import { modern } from "../helpers/mcp.ts";
import { createTestApp, type TestApp } from "../helpers/test-app.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp({ plugins: { office: googleDrive, home: googleDrive } });
});

afterAll(() => app.close());

describe("the Google Drive plugin on the server", () => {
  it("loads whole, twice, and offers its tools and files under the instances' names", async () => {
    expect(app.manager.statuses().map(({ id, quarantined }) => ({ id, quarantined }))).toEqual([
      { id: "home", quarantined: [] },
      { id: "office", quarantined: [] },
    ]);
    const tools = (await modern(app, "tools/list")).body.result.tools as { name: string }[];
    expect(tools.map(({ name }) => name)).toEqual(
      ["home", "office"].flatMap((id) =>
        ["get_file", "list_changes", "read_file", "search_files"].map((name) => `${id}_${name}`),
      ),
    );
    const { resourceTemplates } = (await modern(app, "resources/templates/list")).body.result;
    expect(
      (resourceTemplates as { uriTemplate: string }[]).map(({ uriTemplate }) => uriTemplate),
    ).toEqual(["google-drive://home/files/{fileId}", "google-drive://office/files/{fileId}"]);
  });
});
