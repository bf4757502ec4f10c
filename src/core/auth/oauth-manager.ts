import { AppError } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { OAuthFlow, OAuthGrant, OAuthGrantStore, OAuthToken } from "../../types/oauth.ts";
import type { Principal } from "../../types/principal.ts";
import type { Owner, Vault, VaultActor } from "../../types/vault.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { clientMetadata } from "./client-metadata.ts";
import type { OAuthClient, OAuthClientSpec } from "./oauth-client.ts";
import { CLIENT_SECRET_NAME, type OAuthSpecs } from "./oauth-specs.ts";
import { findProvider } from "./providers/index.ts";
import type { OAuthFlows } from "./oauth-state.ts";
import type { OAuthAccount } from "./token-keeper.ts";
import type { TokenManager } from "./token-manager.ts";
import { TOKEN_NAME } from "./token-record.ts";
import { actOn, type VaultAudit } from "./vault-audit.ts";

/** What a callback or a connect page says when it did not work. */
export interface ConnectFault {
  /** `gone`: no flow of this browser's belongs to it. `invalid`: it is no callback at all. The rest as `OAuthFault`. */
  readonly kind: "gone" | "invalid" | "denied" | "failed";
  /** For people: what happened, and what to do. */
  readonly reason: string;
}

/** A flow that a person has opened. */
export interface OpenedFlow {
  readonly flow: OAuthFlow;
  readonly spec: OAuthClientSpec;
}

export interface OAuthManagerDeps {
  readonly specs: OAuthSpecs;
  readonly flows: OAuthFlows;
  readonly tokens: TokenManager;
  readonly grants: OAuthGrantStore;
  readonly client: OAuthClient;
  readonly vault: Vault;
  readonly audit: VaultAudit;
  readonly logger: Logger;
}

const GONE: ConnectFault = {
  kind: "gone",
  reason:
    "This link is used up, too old, or was opened in another browser. Ask for a new one and open it in this browser.",
};

/**
 * Connects accounts: the brief's `OAuthManager`. A flow begins with an address of our own (`/connect/<handle>`), because a
 * provider's address that is handed to a chat or a terminal could not be bound to a browser; and a callback brings its
 * whole query and the browser's cookie, because `code` and `state` alone do not say who answers, and to whom.
 */
export class OAuthManager {
  readonly #deps: OAuthManagerDeps;

  constructor(deps: OAuthManagerDeps) {
    this.#deps = deps;
  }

  /**
   * Begins a flow. Nothing is changed at the provider or in the vault until a person has gone through it.
   *
   * @returns the address for the person to open, which says who may: see the connect page; `state` names the flow
   * @throws AppError `NOT_FOUND` for an instance without accounts
   */
  async initiateFlow(
    pluginId: string,
    { owner, startedBy }: { readonly owner: Owner; readonly startedBy: string },
  ): Promise<{ authUrl: string; state: string }> {
    const { specs, flows } = this.#deps;
    this.#account(pluginId, owner);
    const state = await flows.begin({ instanceId: pluginId, owner, startedBy });
    return { authUrl: `${specs.publicUrl()}/connect/${state}`, state };
  }

  /** The flow of a connect page. */
  async open(handle: string): Promise<OpenedFlow | null> {
    const { specs, flows } = this.#deps;
    const flow = await flows.find(handle);
    const spec = flow && specs.find(flow.instanceId)?.spec;
    return flow && spec ? { flow, spec } : null;
  }

  /**
   * Sends a person on to the provider.
   *
   * @param by who they have proved to be
   * @param browser what the binding cookie has
   */
  async depart(
    { flow, spec }: OpenedFlow,
    by: Principal,
    browser: string | null,
  ): Promise<Result<{ readonly url: string; readonly browser: string }, ConnectFault>> {
    const { flows, client } = this.#deps;
    const departure = await flows.prepare(browser);
    const { state, codeVerifier } = departure;
    const to = await client.authorizationUrl(spec, { state, codeVerifier });
    if (!to.ok) return refuse({ kind: "failed", reason: to.reason.reason });
    const { url, issuer, scope } = to.value;
    const { redirectUri } = spec;
    const toProvider = { departedBy: by.id, issuer, scope, redirectUri };
    if (!(await flows.depart(flow, departure, toProvider))) return refuse(GONE);
    return ok({ url, browser: departure.browser });
  }

  /**
   * Takes the provider's answer. The provider is asked for tokens only when the state is one of this browser's, for this
   * instance, and not used before.
   *
   * @param callback the whole query
   * @param from `browser` is what the binding cookie has
   */
  async handleCallback(
    pluginId: string,
    callback: URLSearchParams,
    { browser, requestId }: { readonly browser: string | null; readonly requestId: string },
  ): Promise<Result<OAuthGrant, ConnectFault>> {
    const { specs, flows, client, tokens, audit, logger } = this.#deps;
    if (new Set(callback.keys()).size < [...callback.keys()].length) {
      return refuse({ kind: "invalid", reason: "The provider's answer says something twice." });
    }
    const state = callback.get("state");
    if (state === null) {
      return refuse({ kind: "invalid", reason: "The provider's answer has no state." });
    }
    const arrived = await flows.arrive(pluginId, state, browser);
    const spec = specs.find(pluginId)?.spec;
    if (arrived === null || spec === undefined) return refuse(GONE);
    const { flow, codeVerifier } = arrived;
    const { issuer, scope: asked, redirectUri, departedBy } = flow.departure!;
    // The server has another address by now, so the provider would not take this one.
    if (redirectUri !== spec.redirectUri) return refuse(GONE);
    const departed = { state, codeVerifier, issuer, scope: asked, callback };
    const granted = await client.exchange(spec, departed);
    if (!granted.ok) {
      const { kind, reason } = granted.reason;
      logger.warn("An account was not connected", { instanceId: pluginId, kind, reason });
      return refuse({ kind: kind === "denied" ? "denied" : "failed", reason });
    }
    const { owner, startedBy } = flow;
    const actor = { actor: `user:${departedBy}`, requestId };
    const grant = await audit.change(
      actOn({ owner, instanceId: pluginId, name: TOKEN_NAME }, actor, "token.connect"),
      () => tokens.connect({ spec, owner }, granted.value),
      ({ scope }) => ({ startedBy, scope }),
    );
    await flows.end(flow);
    return ok(grant);
  }

  /** @throws AppError `NOT_FOUND`, and what `TokenManager.token` throws */
  async refreshToken(pluginId: string, owner: Owner): Promise<OAuthToken> {
    return this.#deps.tokens.refresh(this.#account(pluginId, owner));
  }

  /**
   * Ends a connection. What is kept of it here is deleted, whatever the provider says.
   *
   * @returns what the provider said; `absent` when there was none; `not-asked` when its plugin is gone, or connects other
   * accounts now
   */
  async revokeToken(
    pluginId: string,
    owner: Owner,
    actor: VaultActor,
  ): Promise<"revoked" | "unsupported" | "failed" | "not-asked" | "absent"> {
    const { specs, tokens } = this.#deps;
    const found = specs.find(pluginId);
    if (found !== null && isItsOwner(found, owner)) {
      return tokens.revoke({ spec: found.spec, owner }, actor);
    }
    const forgotten = await tokens.forget({ instanceId: pluginId, owner }, actor);
    // Nothing was there, and nothing could be: that is a mistake of the caller's.
    if (forgotten === "absent") this.#account(pluginId, owner);
    return forgotten;
  }

  /** Of one instance, or of all. */
  connections(pluginId?: string): Promise<readonly OAuthGrant[]> {
    return this.#deps.grants.list(pluginId);
  }

  /** Stores what the provider knows the operator's client by. @throws AppError `NOT_FOUND`, and what the vault throws */
  async setClientSecret(pluginId: string, secret: string, actor: VaultActor): Promise<void> {
    const { specs, vault } = this.#deps;
    if (specs.find(pluginId) === null) throw noAccounts(pluginId);
    await vault.reserved("shared", actor).storeCredential(pluginId, CLIENT_SECRET_NAME, secret);
  }

  /** The Client ID Metadata Document of an instance; `null` where its client is known by other means. */
  clientDocument(pluginId: string): Record<string, unknown> | null {
    const found = this.#deps.specs.find(pluginId);
    if (found?.settings.registration !== "metadata-document") return null;
    const { instanceId, metadataUrl, redirectUri } = found.spec;
    const { scopes } = found.declared;
    return clientMetadata({ instanceId, metadataUrl, redirectUri, scopes });
  }

  /** The provider's name as people know it. */
  providerOf(pluginId: string): string {
    const name = this.#deps.specs.find(pluginId)?.declared.provider ?? "";
    return findProvider(name)?.title ?? name;
  }

  #account(pluginId: string, owner: Owner): OAuthAccount {
    const found = this.#deps.specs.find(pluginId);
    if (found === null) throw noAccounts(pluginId);
    if (!isItsOwner(found, owner)) {
      const whose = found.owner === "shared" ? "is shared by all" : "belongs to each user";
      throw new AppError("CREDENTIAL_INVALID", `The account of "${pluginId}" ${whose}.`);
    }
    return { spec: found.spec, owner };
  }
}

/** Whether an instance's accounts are of that kind. */
function isItsOwner(instance: { readonly owner: "shared" | "user" }, owner: Owner): boolean {
  return (owner === "shared") === (instance.owner === "shared");
}

function noAccounts(pluginId: string): AppError {
  return new AppError("NOT_FOUND", `"${pluginId}" is no plugin that connects to accounts.`);
}
