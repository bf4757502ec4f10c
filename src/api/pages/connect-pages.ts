import { html } from "hono/html";
import type { ConnectFault } from "../../core/auth/connect-faults.ts";
import type { OAuthGrant } from "../../types/oauth.ts";
import type { Owner } from "../../types/vault.ts";
import { page } from "./page.ts";

/** What a connect page is about. */
export interface ConnectSubject {
  readonly instanceId: string;
  /** The provider's name as people know it. */
  readonly provider: string;
  readonly scopes: readonly string[];
  readonly owner: Owner;
}

const STATUS: Readonly<Record<ConnectFault["kind"], number>> = {
  gone: 410,
  changed: 410,
  invalid: 400,
  denied: 200,
  failed: 502,
};

const scopeList = (scopes: readonly string[]) =>
  scopes.length === 0
    ? html`<p>It asks for nothing beyond who you are.</p>`
    : html`<p>It asks for:</p>
        <ul>
          ${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}
        </ul>`;

export interface ConnectPageOptions {
  /** Whether the browser's session says who opened the link; then it can be ended here, too. */
  readonly isKnown: boolean;
  /** Whether the account is to be somebody else's, so that going on must be meant. */
  readonly isOthers?: boolean;
  /** Whether people come to this server with access tokens of others, too. */
  readonly takesTokens?: boolean;
  readonly fault?: string;
  readonly cookies?: readonly string[];
}

/** Asks whoever opened the link who they are, unless that is known, and whether to go on. */
export function connectPage(
  { instanceId, provider, scopes, owner }: ConnectSubject,
  { isKnown, isOthers = false, takesTokens = false, fault, cookies = [] }: ConnectPageOptions,
): Promise<Response> {
  const own = takesTokens ? "Access token or key" : "Key";
  const wanted =
    owner === "shared" ? "Admin token" : `${own} of the client that asked, or admin token`;
  const asked = html`${wanted}
    <input type="password" name="secret" autocomplete="current-password" required autofocus />`;
  const whose =
    owner === "shared"
      ? "Everybody who may use this plugin will use the account that you connect."
      : `The account that you connect is used for the calls of ${owner}, and of nobody else: go on only if that is you, or you mean to lend it.`;
  const button = isOthers
    ? html`<p class="fault" role="alert">
          You are signed in as an administrator, and ${owner} is somebody else: whatever account you
          choose at ${provider} will be theirs to use.
        </p>
        <button type="submit" name="confirm" value="${owner}">
          Connect an account for ${owner} all the same
        </button>`
    : html`<button type="submit">Continue to ${provider}</button>`;
  return page({
    title: `Connect ${provider}`,
    status: fault === undefined ? 200 : 403,
    cookies,
    body: html`<h1>Connect ${provider} to “${instanceId}”</h1>
      ${scopeList(scopes)}
      <p>${whose}</p>
      ${fault === undefined ? "" : html`<p class="fault" role="alert">${fault}</p>`}
      <form method="post">${isKnown ? "" : html`<label>${asked}</label>`} ${button}</form>
      ${
        isKnown
          ? html`<form method="post" action="/sign-out">
              <p><button type="submit">Sign out</button></p>
            </form>`
          : ""
      }`,
  });
}

/** Sends the browser on to the provider. */
export function departurePage(
  { provider }: Pick<ConnectSubject, "provider">,
  url: string,
  cookies: readonly string[],
): Promise<Response> {
  return page({
    title: `To ${provider}`,
    goOn: url,
    cookies,
    body: html`<h1>To ${provider}</h1>
      <p>
        <a href="${url}" rel="noreferrer">Go on to ${new URL(url).host}</a> if nothing happens.
      </p>`,
  });
}

/** Says what was connected, and what was not granted. */
export function connectedPage(
  { instanceId, account, scope, missingScopes, isRefreshable, expiresAt }: OAuthGrant,
  provider: string,
): Promise<Response> {
  const lasts =
    isRefreshable || expiresAt === Number.MAX_SAFE_INTEGER
      ? ""
      : html`<p class="fault">
          ${provider} gave nothing to renew the access with. You will be asked again when it runs
          out.
        </p>`;
  return page({
    title: `${provider} is connected`,
    body: html`<h1>${provider} is connected to “${instanceId}”</h1>
      ${account === null ? "" : html`<p>Account: <strong>${account}</strong></p>`}
      ${scope === "" ? "" : html`<p>Granted: <code>${scope}</code></p>`}
      ${
        missingScopes.length === 0
          ? ""
          : html`<p class="fault">
              Not granted: <code>${missingScopes.join(" ")}</code>. What needs it will fail.
            </p>`
      }
      ${lasts}
      <p>You can close this page and go back.</p>`,
  });
}

export function signedOutPage(cookie: string): Promise<Response> {
  return page({
    title: "Signed out",
    cookies: [cookie],
    body: html`<h1>You are signed out</h1>
      <p>This browser is known to the server no more.</p>`,
  });
}

/** Says what went wrong, and what to do. */
export function faultPage({ kind, reason }: ConnectFault): Promise<Response> {
  // Whoever loads the page of a connection that was made must not be told that there is none.
  const title = kind === "gone" ? "This link is good no more" : "Nothing was connected";
  return page({
    title,
    status: STATUS[kind],
    body: html`<h1>${title}</h1>
      <p class="fault" role="alert">${reason}</p>`,
  });
}
