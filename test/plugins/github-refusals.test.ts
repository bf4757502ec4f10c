import { describe, expect, it } from "vitest";
import { toRefusal } from "../../plugins/github/refusals.ts";
import { errorAnswer, issue, repository } from "./github-answers.ts";
import { CREATE, gitHub, ISSUE, REPOSITORY, sent, SITE } from "./github-host.ts";

const TOKEN = 'the personal token of "gh"';
const UNEXPECTED = "answered something unexpected. Try again later;";

const NOT_FOUND = `%S has no issue acme/site#7, or does not show it to ${TOKEN}: it answers the same for both. Look at how it is spelled.`;
const FORBIDDEN = `%S does not let ${TOKEN} do that with the issue acme/site#7`;
const MORE = "Somebody with more rights must do it, or give this account more.";

interface Refusal {
  readonly name: string;
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
  /** `%S` stands for what the service is called. */
  readonly text: string;
}

describe("a refusal says what to do", () => {
  it.each<Refusal>([
    {
      name: "no such thing, or no access",
      status: 404,
      body: errorAnswer("Not Found"),
      text: NOT_FOUND,
    },
    {
      name: "no such thing for want of a scope",
      status: 404,
      headers: { "x-oauth-scopes": "gist, read:org", "x-accepted-oauth-scopes": "repo" },
      body: errorAnswer("Not Found"),
      text: `${NOT_FOUND} It needs the scope repo; the token has gist, read:org.`,
    },
    {
      name: "no such thing, with the scope",
      status: 404,
      headers: { "x-oauth-scopes": "repo", "x-accepted-oauth-scopes": "public_repo, repo" },
      body: errorAnswer("Not Found"),
      text: NOT_FOUND,
    },
    {
      name: "a missing scope",
      status: 403,
      headers: { "x-oauth-scopes": "", "x-accepted-oauth-scopes": "public_repo, repo" },
      body: errorAnswer("Must have push access."),
      text: `${FORBIDDEN} (Must have push access). It needs the scope public_repo or repo; the token has none. ${MORE}`,
    },
    {
      name: "a missing permission",
      status: 403,
      headers: {
        "x-accepted-github-permissions": "issues=write,contents=read; pull_requests=write",
      },
      body: errorAnswer("Resource not accessible by personal access token"),
      text: `${FORBIDDEN} (Resource not accessible by personal access token). It needs the permission issues=write and contents=read, or pull_requests=write. ${MORE}`,
    },
    {
      name: "headers that say something else",
      status: 403,
      headers: {
        "x-accepted-oauth-scopes": "<b>, x y",
        "x-accepted-github-permissions": "; ,",
        "x-oauth-scopes": "",
      },
      body: {},
      text: `${FORBIDDEN}. ${MORE}`,
    },
    {
      name: "a token without scopes",
      status: 403,
      headers: { "x-accepted-oauth-scopes": "repo" },
      body: {},
      text: `${FORBIDDEN}. ${MORE}`,
    },
    {
      name: "single sign-on",
      status: 403,
      headers: { "x-github-sso": "required; url=https://github.com/orgs/acme/sso?x=1" },
      body: errorAnswer("Resource protected by organization SAML enforcement."),
      text: `%S lets ${TOKEN} see the issue acme/site#7 only after it was authorized for single sign-on by a person, in the settings of the token.`,
    },
    {
      name: "gone",
      status: 410,
      body: errorAnswer("Issues has been disabled in this repository."),
      text: "The issue acme/site#7 is gone, or this part of the repository is switched off (Issues has been disabled in this repository). Trying again will not help.",
    },
    {
      name: "a conflict",
      status: 409,
      body: errorAnswer("Git Repository is empty."),
      text: "%S cannot do that with the issue acme/site#7 as it is now (Git Repository is empty).",
    },
    {
      name: "too large",
      status: 406,
      body: errorAnswer("Sorry, the diff exceeded the maximum number of files (300)."),
      text: "The issue acme/site#7 is too large for one answer (Sorry, the diff exceeded the maximum number of files (300)). Ask for less.",
    },
    {
      name: "arguments",
      status: 422,
      body: errorAnswer("Validation Failed", {
        errors: [
          { resource: "Issue", field: "title", code: "missing_field" },
          { field: "q", code: "invalid", message: "The listed users\ncannot be searched." },
          "No commit found",
          { resource: "Issue" },
          7,
          { code: "custom" },
        ],
      }),
      text: "%S finds the arguments wrong (Validation Failed: title: missing_field; q: The listed users cannot be searched; No commit found). Change them, and call again.",
    },
    {
      name: "legal reasons",
      status: 451,
      body: errorAnswer("Repository access blocked", { block: { reason: "dmca" } }),
      text: "%S withholds the issue acme/site#7 for legal reasons (Repository access blocked).",
    },
    {
      name: "a long message",
      status: 400,
      body: errorAnswer("x".repeat(10_000)),
      text: `%S refused the request with status 400 (${"x".repeat(300)}…).`,
    },
    {
      name: "nothing",
      status: 418,
      body: "",
      text: "%S refused the request with status 418.",
    },
  ])("$name", async ({ status, headers, body, text }) => {
    const { call, service } = await gitHub();
    service.reply(ISSUE, { status, ...(headers && { headers }), body });
    await expect(call("get_issue", { ...SITE, number: 7 })).rejects.toMatchObject({
      name: "ToolError",
      message: text.replace("%S", `The GitHub at ${new URL(service.baseUrl).host}`),
    });
    expect(service.requests).toHaveLength(1);
  });

  it.each([
    [
      "https://github.com/orgs/acme/sso?x=AB1",
      ": a person must open https://github.com/orgs/acme/sso?x=AB1",
    ],
    ["https://evil.example/orgs/acme/sso", " by a person, in the settings of the token"],
    ["https://github.com.evil.example/", " by a person, in the settings of the token"],
    ["javascript:alert(1)", " by a person, in the settings of the token"],
  ])("to log in for an organization, at GitHub's own address: %s", (url, how) => {
    const error = toRefusal(
      { status: 403, headers: new Headers({ "x-github-sso": `required; url=${url}` }) },
      { message: null, details: [] },
      "the repository acme/site",
      { service: "GitHub", pluginId: "gh", kind: "account" },
    );
    expect(error.message).toBe(
      `GitHub lets the account of "gh" see the repository acme/site only after it was authorized for single sign-on${how}.`,
    );
  });

  it("tells the log more than the person", async () => {
    const { call, service, host } = await gitHub();
    const headers = { "x-github-request-id": "0FE1:3B2A:1" };
    service.reply(ISSUE, { status: 403, headers, body: errorAnswer("No") });
    await expect(call("get_issue", { ...SITE, number: 7 })).rejects.toThrow("(No)");
    expect(host.serverLog).toEqual([
      {
        level: "warn",
        message: "A request to GitHub failed",
        fields: {
          path: "repos/acme/site/issues/7",
          reason: "status 403",
          githubRequestId: "0FE1:3B2A:1",
        },
      },
    ]);
  });
});

describe("what was renamed", () => {
  it.each([301, 302, 307])("is read where it is now: %i", async (status) => {
    const { call, service } = await gitHub();
    const headers = { location: `${service.baseUrl}/repositories/1` };
    service.reply(REPOSITORY, { status, headers, body: errorAnswer("Moved Permanently") });
    service.reply("GET /repositories/1", { body: repository({ full_name: "acme/new" }) });
    expect((await call("get_repository", SITE)).fullName).toBe("acme/new");
    expect(sent(service)).toEqual(["GET /repos/acme/site", "GET /repositories/1"]);
  });

  it("is believed of no other host, which does not get the token either", async () => {
    const { call, service, host } = await gitHub();
    const elsewhere = service.baseUrl.replace("127.0.0.1", "localhost");
    service.reply(REPOSITORY, { status: 302, headers: { location: `${elsewhere}/x` }, body: "" });
    service.reply("GET /x", { status: 401, body: repository() }, { body: repository() });
    await expect(call("get_repository", SITE)).rejects.toThrow(UNEXPECTED);
    await expect(call("get_repository", SITE)).rejects.toThrow(UNEXPECTED);
    expect(service.requests.map(({ headers }) => headers.authorization !== undefined)).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(host.serverLog[0]?.fields["reason"]).toBe("a redirect to another host");
  });
});

it("an address that the server does not let it reach is for the server to explain", async () => {
  const { call, host } = await gitHub({ config: { baseUrl: "https://192.168.0.1/api/v3" } });
  await expect(call("get_repository", SITE)).rejects.toMatchObject({
    name: "AppError",
    code: "OUTBOUND_REFUSED",
  });
  expect(host.serverLog).toEqual([]);
});

it("a base URL with a path is GitHub Enterprise's", async () => {
  const { call, service } = await gitHub();
  const enterprise = await gitHub({ config: { baseUrl: `${service.baseUrl}/api/v3/` } });
  service.reply("POST /api/v3/repos/acme/site/issues", { status: 201, body: issue() });
  service.reply(CREATE, { status: 404, body: "" });
  expect((await enterprise.call("create_issue", { ...SITE, title: "x" })).number).toBe(7);
  await expect(call("create_issue", { ...SITE, title: "x" })).rejects.toThrow(
    `The GitHub at ${new URL(service.baseUrl).host} has no repository acme/site`,
  );
});

it.each(["http://github.example", "https://a@github.example", "https://github.example?x", "x"])(
  "%s is no base URL",
  async (baseUrl) => {
    await expect(gitHub({ config: { baseUrl } })).rejects.toThrow("Invalid settings: ");
  },
);
