import { describe, expect, it } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import {
  connectThrough,
  FOLDER_CALLBACK,
  FOLDER_URL,
  makeOAuthFolder,
} from "../helpers/oauth-folder.ts";
import { OIDC_SECRET, startOidcServer } from "../helpers/oidc-server.ts";
import { runCli, runHere } from "../helpers/server-process.ts";

async function open(scopes?: string[]) {
  const oidc = await startOidcServer({ redirectUris: [FOLDER_CALLBACK] });
  const folder = makeOAuthFolder(oidc.issuer, {}, scopes);
  const server = await startNodeServer(folder.env);
  const oauth = (args: readonly string[], typed = "") =>
    runHere(["oauth", ...args], folder.env, typed);
  return { oidc, folder, oauth, url: `http://localhost:${server.port}` };
}

describe("oauth", () => {
  it("connects an account, shows it, renews its token and ends it", async () => {
    const { oidc, folder, oauth, url } = await open();
    expect(await oauth(["secret", "drive"], `${OIDC_SECRET}\n`)).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "Stored the client secret of drive.\n",
    });
    expect(await oauth(["status"])).toMatchObject({
      status: 0,
      stderr: "No account is connected.\n",
    });

    const { stdout: link } = await oauth(["connect", "drive", "--no-wait"]);
    expect(link).toMatch(new RegExp(`^${FOLDER_URL}/connect/[A-Za-z0-9_-]{43}\n$`));
    expect((await connectThrough(url, link.trim(), folder)).status).toBe(200);

    const status = JSON.parse((await oauth(["status", "--json"])).stdout);
    expect(status).toEqual({
      data: [
        {
          plugin: "drive",
          owner: "shared",
          status: "connected",
          reason: null,
          account: expect.anything(),
          scope: "openid offline_access read",
          missingScopes: [],
          connectedAt: expect.any(Number),
          refreshedAt: null,
          expiresAt: expect.any(Number),
          isRefreshable: true,
        },
      ],
    });
    expect((await oauth(["status", "drive"])).stdout).toMatch(
      /^PLUGIN +OWNER +ACCOUNT +STATUS +TOKEN ENDS\ndrive +shared +\S+ +connected +\d{4}-/,
    );

    expect(await oauth(["refresh", "drive"])).toMatchObject({
      status: 0,
      stderr: "drive has a new token.\n",
    });
    expect(oidc.hits("POST /token")).toBe(2);

    expect(await oauth(["revoke", "drive"])).toMatchObject({
      status: 0,
      stderr: "drive is not connected any more. The provider has ended the grant, too.\n",
    });
    expect(oidc.hits("POST /token/revocation")).toBeGreaterThan(0);
    expect(await oauth(["revoke", "drive"])).toMatchObject({ status: 2 });
  });

  it("waits for the person", async () => {
    const { folder, oauth, url } = await open();
    await oauth(["secret", "drive"], OIDC_SECRET);
    const waiting = oauth(["connect", "drive", "--json"]);
    const { stdout } = await oauth(["connect", "drive", "--no-wait", "--json"]);
    const { authUrl } = JSON.parse(stdout) as { authUrl: string };
    await connectThrough(url, authUrl, folder);
    const { status, stdout: told } = await waiting;
    expect(status).toBe(0);
    expect(JSON.parse(told)).toMatchObject({
      connection: { plugin: "drive", status: "connected" },
    });
  });

  it("says what the provider has not granted", async () => {
    const { folder, oauth, url } = await open(["openid", "read", "calendar", "mail"]);
    await oauth(["secret", "drive"], OIDC_SECRET);
    const waiting = oauth(["connect", "drive"]);
    const { stdout: link } = await oauth(["connect", "drive", "--no-wait"]);
    await connectThrough(url, link.trim(), folder);
    const left = "drive (shared): not granted: calendar mail. What needs it will fail.\n";
    const { stderr } = await waiting;
    expect(stderr).toMatch(/Connected as \S+\.\n/);
    expect(stderr.endsWith(left)).toBe(true);
    expect((await oauth(["status"])).stderr).toBe(left);
  });

  it.each([
    [
      "a plugin that is not there",
      ["connect", "nobody"],
      /"nobody" is no plugin that connects to accounts/,
    ],
    ["an owner that is none", ["connect", "drive", "--owner", "me"], /owner/],
    [
      "a user, where the account is shared",
      ["connect", "drive", "--owner", "client:a"],
      /shared by all/,
    ],
    ["a connection that is not there", ["refresh", "drive"], /refused: No account is connected\./],
  ])("says what is wrong with %s", async (_what, args, words) => {
    const { oauth } = await open();
    const { status, stderr } = await oauth(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(words);
  });

  it("says that a server must run", async () => {
    const folder = makeOAuthFolder("https://issuer.example");
    const { status, stderr } = await runHere(["oauth", "status"], folder.env, "");
    expect(status).toBe(2);
    expect(stderr).toContain(`No server runs on ${folder.dataDir}`);
  });

  it("explains itself", () => {
    const { stdout } = runCli(["oauth", "--help"], { cwd: "/" });
    for (const command of ["connect", "status", "refresh", "revoke", "secret"]) {
      expect(stdout).toContain(`  ${command} `);
    }
  });
});
