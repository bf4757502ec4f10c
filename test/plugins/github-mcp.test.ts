import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import createGithubPlugin from "../../plugins/github/index.ts";
import type { Vault } from "../../src/index.ts";
import { canary } from "../helpers/canary.ts";
import { createTestApp, type TestApp } from "../helpers/test-app.ts";
import { conditional, errorAnswer, file, repository } from "./github-answers.ts";
import { PERSONAL, REPOSITORY, SITE } from "./github-host.ts";
import { openLoopbackService, type LoopbackService } from "../helpers/loopback-service.ts";
import { noteRequests } from "./searched-calls.ts";
import { expectNone } from "./secret-search.ts";
import { store, vaultWith } from "./stored-credentials.ts";

const OTHER = canary("ghp_another0123456789");

interface ListedTool {
  readonly name: string;
  readonly inputSchema: { readonly additionalProperties: unknown };
  readonly outputSchema: { readonly type: unknown };
  readonly annotations: Readonly<Record<string, unknown>>;
}

let app: TestApp;
let service: LoopbackService;
let vault: Vault;
const { said, call, ask } = noteRequests(() => app);

beforeAll(async () => {
  service = await openLoopbackService();
  vault = await vaultWith({
    office: { personal_token: PERSONAL },
    home: { personal_token: OTHER },
  });
  const config = { baseUrl: service.baseUrl };
  const oauth = { clientId: "Iv1.0123456789abcdef" };
  app = await createTestApp({
    plugins: { office: createGithubPlugin, home: createGithubPlugin, none: createGithubPlugin },
    entries: { office: { config, oauth }, home: { config, oauth }, none: { config, oauth } },
    deps: { vault },
  });
});

afterAll(async () => {
  await app.close();
  await service.close();
  expectNone([PERSONAL, OTHER], [said, app.logs, app.manager.statuses()]);
});

beforeEach(() => {
  service.reply(REPOSITORY, conditional(repository()));
});

describe("the GitHub plugin on the server", () => {
  it("runs, also while no account is connected, and nothing of it is quarantined", () => {
    expect(
      app.manager.statuses().map(({ id, state, quarantined }) => ({ id, state, quarantined })),
    ).toEqual(["home", "none", "office"].map((id) => ({ id, state: "running", quarantined: [] })));
  });

  it("offers strict tools with output schemas, of which two change something", async () => {
    const { result } = await ask("tools/list");
    const tools = (result.tools as ListedTool[]).filter(({ name }) => name.startsWith("office_"));
    expect(tools).toHaveLength(17);
    for (const { inputSchema, outputSchema, annotations } of tools) {
      expect(inputSchema.additionalProperties).toBe(false);
      expect(outputSchema.type).toBe("object");
      expect(annotations["openWorldHint"]).toBe(true);
    }
    const changing = tools.filter(({ annotations }) => annotations["readOnlyHint"] === false);
    expect(changing.map(({ name, annotations }) => [name, annotations["destructiveHint"]])).toEqual(
      [
        ["office_comment_on_issue", false],
        ["office_create_issue", false],
      ],
    );
  });

  it("sends for each instance its own token, and shares no answer", async () => {
    for (const id of ["office", "home", "office"]) {
      const { structuredContent } = await call(`${id}_get_repository`, SITE);
      expect(structuredContent.fullName).toBe("acme/site");
    }
    expect(
      service.requests
        .slice(-3)
        .map(({ headers }) => [headers.authorization, headers["if-none-match"] !== undefined]),
    ).toEqual([
      [`Bearer ${PERSONAL}`, false],
      [`Bearer ${OTHER}`, false],
      [`Bearer ${PERSONAL}`, true],
    ]);
  });

  it("without an account asks the person to connect one, and asks GitHub nothing", async () => {
    const before = service.requests.length;
    const result = await call("none_get_repository", SITE);
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toMatch(
      /^"none" needs an account\. Open \S+\/connect\/\S+ within/,
    );
    expect(service.requests).toHaveLength(before);
  });

  it("tells what GitHub refuses", async () => {
    service.reply(REPOSITORY, { status: 404, body: errorAnswer("Not Found") });
    const result = await call("office_get_repository", SITE);
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain("has no repository acme/site, or does not show it");
  });

  it("reads files as resources", async () => {
    service.reply("GET /repos/acme/site/contents/src/a.ts", { body: file("src/a.ts", "x\n") });
    const uri = "github://office/repos/acme/site/contents/src/a.ts?ref=main";
    const { result } = await ask("resources/read", { uri });
    expect(result.contents).toEqual([{ uri, mimeType: "text/plain", text: "x\n" }]);
  });

  it("uses another token as soon as it is stored", async () => {
    await store(vault, "office", "personal_token", OTHER);
    await call("office_get_repository", SITE);
    expect(service.requests.at(-1)?.headers.authorization).toBe(`Bearer ${OTHER}`);
  });
});
