import type { AccessTokens } from "../../core/auth/access-tokens.ts";
import type { Asker } from "../../core/auth/question-slots.ts";
import type { Authenticator } from "../../core/auth/authenticator.ts";
import type { OAuthManager, OpenedFlow } from "../../core/auth/oauth-manager.ts";
import { SIGN_IN_SECONDS, type SignIns } from "../../core/auth/sign-in.ts";
import type { OAuthFlow } from "../../types/oauth.ts";
import type { Principal } from "../../types/principal.ts";
import type { Owner } from "../../types/vault.ts";
import { ownerOf } from "../../util/owners.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import type { Cookies } from "../cookies.ts";
import { isSameOrigin } from "../middleware/same-origin.ts";
import {
  connectedPage,
  connectPage,
  departurePage,
  faultPage,
  signedOutPage,
  type ConnectSubject,
} from "../pages/connect-pages.ts";
import { problem } from "../problem.ts";
import { readForm } from "../read-form.ts";
import type { Route } from "../route-table.ts";

/** Why nobody can say whose secret it is. */
type Unknown = "UNAUTHENTICATED" | "TOKEN_INVALID" | "ISSUER_UNAVAILABLE";

/** As long as a flow is good, counted from its last step. */
const BINDING_SECONDS = 600;

export interface ConnectRoutesDeps {
  readonly oauth: OAuthManager;
  readonly signIns: SignIns;
  readonly authenticator: Authenticator;
  /** Knows those who come to `/mcp` with tokens of others; `null` where none are taken. */
  readonly accessTokens: Pick<AccessTokens, "verify"> | null;
  readonly cookies: Cookies;
  readonly publicUrl: () => string;
}

/**
 * The pages by which a person connects an account: `/connect/<handle>`, which somebody was given, and `/oauth/callback/<plugin>`,
 * to which the provider sends them back. Anybody may open them, and each finds out by itself who that is.
 */
export function connectRoutes({
  oauth,
  signIns,
  authenticator,
  accessTokens,
  cookies,
  publicUrl,
}: ConnectRoutesDeps): Route[] {
  const gone = () =>
    faultPage({ kind: "gone", reason: "This link is used up or too old. Ask for a new one." });

  /** Who opened the page, as far as the browser says so. */
  const session = (request: Request) => signIns.find(cookies.read(request, "session"));
  const signedIn = async (request: Request) => (await session(request))?.person ?? null;
  const takesTokens = accessTokens !== null;

  /** Whose secret it is, that somebody has entered. */
  async function holderOf(secret: string, asker: Asker): Promise<Result<Principal, Unknown>> {
    const known = await authenticator.authenticate(`Bearer ${secret}`);
    if (known !== null) return ok(known);
    if (accessTokens === null) return refuse("UNAUTHENTICATED");
    const verified = await accessTokens.verify(secret, asker);
    if (verified.ok) return ok(verified.value.principal);
    return refuse(verified.reason === "invalid" ? "TOKEN_INVALID" : "ISSUER_UNAVAILABLE");
  }

  /** Whoever knows an account by an access token of another issuer has shown it minutes ago, and it is not here any more. */
  function mayStill({ owner, departure }: OAuthFlow): boolean {
    const reference = departure?.keyReference ?? null;
    if (reference === null) return true;
    const person = authenticator.principal(reference);
    return person !== null && mayConnect(person, owner);
  }

  return [
    {
      method: "GET",
      path: "/connect/:handle",
      policy: "public",
      isPage: true,
      async handle(request, { params }) {
        const opened = await oauth.open(params["handle"] ?? "");
        if (opened === null) return gone();
        const person = await signedIn(request);
        const isKnown = person !== null && mayConnect(person, opened.flow.owner);
        const isOthers = isKnown && isSomebodyElses(person, opened.flow.owner);
        return connectPage(subjectOf(opened, oauth), { isKnown, isOthers, takesTokens });
      },
    },
    {
      method: "POST",
      path: "/connect/:handle",
      policy: "public",
      isPage: true,
      async handle(request, { params, requestId, asker, refused }) {
        if (!isSameOrigin(request.headers, publicUrl())) {
          return problem("ORIGIN_REFUSED", requestId);
        }
        const form = await readForm(request);
        const opened = await oauth.open(params["handle"] ?? "");
        if (opened === null) return gone();
        const secret = form.get("secret");
        const holder = secret === null ? null : await holderOf(secret, asker);
        if (holder?.ok === false && holder.reason === "ISSUER_UNAVAILABLE") {
          return problem(holder.reason, requestId, { headers: { "retry-after": "5" } });
        }
        const person = holder === null ? await signedIn(request) : holder.ok ? holder.value : null;
        const subject = subjectOf(opened, oauth);
        if (person === null || !mayConnect(person, opened.flow.owner)) {
          if (holder !== null) {
            const reason = holder.ok ? "FORBIDDEN" : holder.reason;
            const tooMany = refused({ reason, principal: person });
            if (tooMany !== null) return tooMany;
          }
          const fault =
            person === null
              ? "That is no token or key of this server."
              : "That is a good key, but not of whoever asked to connect this account.";
          return connectPage(subject, { isKnown: false, fault, takesTokens });
        }
        const set: string[] = [];
        if (secret !== null && isAdmin(person)) {
          const { secret: own } = await signIns.begin(person, requestId);
          set.push(cookies.write("session", own, SIGN_IN_SECONDS));
        }
        if (
          isSomebodyElses(person, opened.flow.owner) &&
          form.get("confirm") !== opened.flow.owner
        ) {
          return connectPage(subject, { isKnown: true, isOthers: true, cookies: set });
        }
        // Of a key that nobody can find again, nobody could say that it is still good.
        const keyReference = isOfIssuer(person) ? null : (authenticator.referenceOf(person) ?? "");
        const by = { departedBy: person.id, keyReference };
        const away = await oauth.depart(opened, by, cookies.read(request, "connect"));
        if (!away.ok) return faultPage(away.reason);
        const { url, browser } = away.value;
        return departurePage(subject, url, [
          cookies.write("connect", browser, BINDING_SECONDS),
          ...set,
        ]);
      },
    },
    {
      method: "POST",
      path: "/sign-out",
      policy: "public",
      isPage: true,
      async handle(request, { requestId }) {
        if (!isSameOrigin(request.headers, publicUrl())) {
          return problem("ORIGIN_REFUSED", requestId);
        }
        const found = await session(request);
        if (found !== null) await signIns.end(found, requestId);
        return signedOutPage(cookies.write("session", "", 0));
      },
    },
    {
      // A server that has never heard of this one reads here who it is.
      method: "GET",
      path: "/oauth/client/:pluginId",
      policy: "public",
      handle(_request, { params, requestId }) {
        const document = oauth.clientDocument(params["pluginId"] ?? "");
        return document === null ? problem("NOT_FOUND", requestId) : Response.json(document);
      },
    },
    {
      method: "GET",
      path: "/oauth/callback/:pluginId",
      policy: "public",
      isPage: true,
      refusesHead: true,
      async handle(request, { params, requestId }) {
        const pluginId = params["pluginId"] ?? "";
        const done = await oauth.handleCallback(pluginId, new URL(request.url).searchParams, {
          browser: cookies.read(request, "connect"),
          requestId,
          mayStill,
        });
        if (!done.ok) return faultPage(done.reason);
        return connectedPage(done.value, oauth.providerOf(pluginId));
      },
    },
  ];
}

/** Whether they have shown an access token of another issuer, and no key of this server's. */
function isOfIssuer({ issuer }: Principal): boolean {
  return issuer !== undefined;
}

/**
 * Everybody's account is an administrator's to connect. A user's is their own, shown by the same client's key or by an access
 * token of theirs; an administrator may help.
 */
function mayConnect(person: Principal, owner: Owner): boolean {
  if (isAdmin(person)) return true;
  // An issuer has people whom it lets in here for nothing.
  const mayAsk = !isOfIssuer(person) || person.scopes.includes("mcp");
  return mayAsk && owner !== "shared" && ownerOf(person) === owner;
}

/** Whether it is an administrator who connects an account that another will use. */
function isSomebodyElses(person: Principal, owner: Owner): boolean {
  return owner !== "shared" && ownerOf(person) !== owner;
}

/** Whether they may connect accounts, whosever they are. */
function isAdmin({ scopes }: Principal): boolean {
  return scopes.includes("connections:write");
}

function subjectOf({ flow, spec }: OpenedFlow, oauth: OAuthManager): ConnectSubject {
  const { instanceId, owner } = flow;
  const { scopes } = spec.declared;
  return { instanceId, owner, scopes, provider: oauth.providerOf(instanceId) };
}
