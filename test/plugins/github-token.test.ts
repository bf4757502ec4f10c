import { describe, expect, it } from "vitest";
import createGithubPlugin from "../../plugins/github/index.ts";
import { AppError } from "../../src/index.ts";
import { conditional, errorAnswer, file, repository } from "./github-answers.ts";
import { ACCOUNT, CREATE, gitHub, PERSONAL, REPOSITORY, SITE } from "./github-host.ts";
import type { Reply } from "../helpers/loopback-service.ts";

const OTHER = "gho_another0123456789";
const BAD = { status: 401, body: errorAnswer("Bad credentials") };

/** An account with these tokens, one after the other; the last one stays until it must be connected again. */
function accountOf(...tokens: string[]) {
  const did: string[] = [];
  let isLost = false;
  return {
    did,
    account: {
      getAccessToken: async () => {
        if (isLost) throw new AppError("NOT_CONNECTED", 'No account is connected to "gh".');
        return tokens.length > 1 ? tokens.shift()! : tokens[0]!;
      },
      requireReauth: async () => {
        did.push("requireReauth");
        isLost = true;
        return "https://server.example/connect/x";
      },
    },
  };
}

const bearers = (requests: readonly { headers: { authorization?: string | undefined } }[]) =>
  requests.map(({ headers }) => headers.authorization);

describe("the token", () => {
  it("is the account's while no personal one is stored", async () => {
    const { call, service, store } = await gitHub({ credentials: {}, ...accountOf(ACCOUNT) });
    service.reply(REPOSITORY, { body: repository() });
    await call("get_repository", SITE);
    await store("personal_token", PERSONAL);
    await call("get_repository", SITE);
    expect(bearers(service.requests)).toEqual([`Bearer ${ACCOUNT}`, `Bearer ${PERSONAL}`]);
  });

  it("is not asked of an account that nobody has connected, where there is a personal one", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, { body: repository() });
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
  });

  it("while there is none, leaves the error to the server, which asks the person", async () => {
    const { call, service } = await gitHub({ credentials: {} });
    await expect(call("get_repository", SITE)).rejects.toMatchObject({
      name: "AppError",
      code: "NOT_CONNECTED",
    });
    expect(service.requests).toEqual([]);
  });
});

describe("a token that GitHub does not take", () => {
  it("gives way to another that came meanwhile", async () => {
    const { did, account } = accountOf(ACCOUNT, OTHER);
    const { call, service } = await gitHub({ credentials: {}, account, secrets: [OTHER] });
    service.reply(REPOSITORY, BAD, { body: repository() });
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
    expect(bearers(service.requests)).toEqual([`Bearer ${ACCOUNT}`, `Bearer ${OTHER}`]);
    expect(did).toEqual([]);
  });

  it("of an account is named to the server, which may renew it", async () => {
    const complaints: unknown[] = [];
    let current = ACCOUNT;
    const account = {
      getAccessToken: async () => current,
      async requireReauth(refused?: string) {
        complaints.push(refused);
        current = OTHER;
        return "https://server.example/connect/x";
      },
    };
    const { call, service } = await gitHub({ credentials: {}, account, secrets: [OTHER] });
    service.reply(REPOSITORY, BAD, { body: repository() });
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
    expect(bearers(service.requests)).toEqual([`Bearer ${ACCOUNT}`, `Bearer ${OTHER}`]);
    expect(complaints).toEqual([ACCOUNT]);
  });

  it("of an account has it connected again", async () => {
    const { did, account } = accountOf(ACCOUNT);
    const { call, service } = await gitHub({ credentials: {}, account });
    service.reply(REPOSITORY, BAD);
    await expect(call("get_repository", SITE)).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    expect(did).toEqual(["requireReauth"]);
    expect(service.requests).toHaveLength(1);
  });

  it("is tried with one other and no more", async () => {
    const { account } = accountOf(ACCOUNT, OTHER, ACCOUNT, OTHER);
    const { call, service } = await gitHub({ credentials: {}, account, secrets: [OTHER] });
    service.reply(REPOSITORY, BAD);
    await expect(call("get_repository", SITE)).rejects.toThrow(
      'does not accept the account of "gh". Connect the account again.',
    );
    expect(service.requests).toHaveLength(2);
  });

  it("of a person is to be stored anew", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, BAD);
    await expect(call("get_repository", SITE)).rejects.toThrow(
      'does not accept the personal token of "gh". Ask the server\'s administrator to store another as the credential "personal_token" of "gh".',
    );
    expect(service.requests).toHaveLength(1);
  });
});

/** `gitHub` searches everything that was said for the token; these tests make GitHub say it. */
describe("a service that says the token", () => {
  it.each([400, 401, 403, 404, 410, 422, 429, 500])("in a refusal with %i", async (status) => {
    const { call, service } = await gitHub();
    service.reply(CREATE, {
      status,
      headers: {
        "x-github-request-id": PERSONAL,
        "x-oauth-scopes": PERSONAL,
        "x-accepted-oauth-scopes": PERSONAL,
        "x-accepted-github-permissions": PERSONAL,
        "x-github-sso": `required; url=https://github.com/${PERSONAL}`,
        "retry-after": PERSONAL,
      },
      body: errorAnswer(`Token ${PERSONAL}`, { errors: [PERSONAL, { message: PERSONAL }] }),
    });
    await expect(call("create_issue", { ...SITE, title: "x" })).rejects.toMatchObject({
      name: "ToolError",
    });
  });

  it("in a good answer, also when it is used again", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, conditional(repository({ description: `It is ${PERSONAL}.` })));
    expect((await call("get_repository", SITE)).description).toBe("It is [token].");
    expect((await call("get_repository", SITE)).description).toBe("It is [token].");
  });

  it("in a file", async () => {
    const { call, service } = await gitHub();
    const target = "GET /repos/acme/site/contents/.env";
    service.reply(target, { body: file(".env", `T=${PERSONAL}\nä\n`) });
    expect((await call("get_file", { ...SITE, path: ".env" })).text).toBe("T=[token]\nä");
    service.reply(
      target,
      { body: file(".env", "", { encoding: "none", content: "" }) },
      { body: `U=${PERSONAL}` },
    );
    expect((await call("get_file", { ...SITE, path: ".env" })).text).toBe("U=[token]");
  });

  it.each<{ name: string; reply: Reply }>([
    { name: "in what is not JSON", reply: { body: `<html>${PERSONAL}</html>` } },
    {
      name: "in a header that breaks HTTP",
      reply: (response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\n${PERSONAL} : x\r\n${PERSONAL}\r\n\r\n`);
      },
    },
    {
      name: "in a redirect",
      reply: (response) => response.writeHead(302, { location: `http://[${PERSONAL}` }).end(),
    },
  ])("$name", async ({ reply }) => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, reply);
    await expect(call("get_repository", SITE)).rejects.toBeInstanceOf(Error);
    expect(service.requests[0]?.headers.authorization).toBe(`Bearer ${PERSONAL}`);
  });
});

describe("what the plugin asks for", () => {
  const { auth } = createGithubPlugin();

  it("is an account with one scope, or a personal token", () => {
    expect(auth).toMatchObject({
      type: "oauth2",
      required: true,
      oauth: { provider: "github", scopes: ["repo"] },
      fields: { personal_token: { type: "password", required: false } },
    });
  });

  it.each([
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0_abc",
    "a".repeat(40),
  ])("may be %s", (token) => {
    expect(token).toMatch(auth?.fields["personal_token"]?.validation as RegExp);
  });

  it.each(["", "short", "with a space", "with-a\nbreak", "tökeniserei"])(
    "may not be %j",
    (token) => {
      expect(token).not.toMatch(auth?.fields["personal_token"]?.validation as RegExp);
    },
  );
});
