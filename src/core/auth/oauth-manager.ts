import { AppError } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type {
  OAuthDeparture,
  OAuthFlow,
  OAuthGrant,
  OAuthGrantStore,
  OAuthToken,
} from "../../types/oauth.ts";
import type { Owner, VaultActor } from "../../types/vault.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { asOfNow } from "./connection-now.ts";
import { clientMetadata } from "./client-metadata.ts";
import type { ClientSecrets } from "./client-secrets.ts";
import { CHANGED, GONE, REVOKED, type ConnectFault } from "./connect-faults.ts";
import { hasDuplicates } from "./oauth-callback.ts";
import type { GrantedToken, OAuthClient, OAuthClientSpec } from "./oauth-client.ts";
import type { OAuthSpecs } from "./oauth-specs.ts";
import { findProvider } from "./providers/index.ts";
import type { OAuthFlows } from "./oauth-state.ts";
import type { OAuthAccount } from "./token-keeper.ts";
import type { TokenManager } from "./token-manager.ts";
import { clientOf, isOwnGrant, TOKEN_NAME } from "./token-record.ts";
import { actOn, type VaultAudit } from "./vault-audit.ts";

/** A flow that a person has opened. */
export interface OpenedFlow {
  readonly flow: OAuthFlow;
  readonly spec: OAuthClientSpec;
}

export interface OAuthManagerDeps {
  readonly specs: OAuthSpecs;
  readonly secrets: Pick<ClientSecrets, "store">;
  readonly flows: OAuthFlows;
  readonly tokens: TokenManager;
  readonly grants: OAuthGrantStore;
  readonly client: OAuthClient;
  readonly audit: VaultAudit;
  readonly logger: Logger;
}

/** Where a provider's answer came from. */
export interface CallbackOrigin {
  readonly browser: string | null;
  readonly requestId: string;
  readonly mayStill: (flow: OAuthFlow) => boolean;
}

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
   * @param once gives out the same address to whoever asks with each call, while it is good
   * @returns the address for the person to open, which says who may: see the connect page; `state` names the flow
   * @throws AppError `NOT_FOUND` for an instance without accounts; `CREDENTIAL_INVALID` for an owner whom it has no account for,
   * and where no person is asked
   */
  async initiateFlow(
    pluginId: string,
    { owner, startedBy }: { readonly owner: Owner; readonly startedBy: string },
    once: "once" | null = null,
  ): Promise<{ authUrl: string; state: string }> {
    const { specs, flows } = this.#deps;
    const { spec } = this.#account(pluginId, owner);
    if (isOwnGrant(spec)) {
      throw new AppError(
        "CREDENTIAL_INVALID",
        `"${pluginId}" is granted its tokens as a client (\`grant: "client_credentials"\`): there is no account for a person to connect.`,
      );
    }
    const flow = { instanceId: pluginId, owner, startedBy };
    const state = once === null ? await flows.begin(flow) : await flows.beginOnce(flow);
    return { authUrl: `${specs.publicUrl()}/connect/${state}`, state };
  }

  /** The flow of a connect page. */
  async open(handle: string): Promise<OpenedFlow | null> {
    const { specs, flows } = this.#deps;
    const flow = await flows.find(handle);
    const found = flow && specs.find(flow.instanceId);
    if (flow === null || found === null) return null;
    // Nobody would use the account.
    if (!isItsOwner(found, flow.owner) || isOwnGrant(found.spec)) return null;
    return { flow, spec: found.spec };
  }

  /**
   * Sends a person on to the provider.
   *
   * @param by who they have proved to be, and by which key
   * @param browser what the binding cookie has
   */
  async depart(
    { flow, spec }: OpenedFlow,
    by: Pick<OAuthDeparture, "departedBy" | "keyReference">,
    browser: string | null,
  ): Promise<Result<{ readonly url: string; readonly browser: string }, ConnectFault>> {
    const { flows, client } = this.#deps;
    const departure = await flows.prepare(browser);
    const { state, codeVerifier } = departure;
    const to = await client.authorizationUrl(spec, { state, codeVerifier });
    if (!to.ok) return refuse({ kind: "failed", reason: to.reason.reason });
    const { url, issuer, scope } = to.value;
    const { redirectUri } = spec;
    const toProvider = { ...by, issuer, scope, redirectUri, client: clientOf(spec) };
    if (!(await flows.depart(flow, departure, toProvider))) return refuse(GONE);
    return ok({ url, browser: departure.browser });
  }

  /**
   * Takes the provider's answer. The provider is asked for tokens only when the state is one of this browser's, for this
   * instance, and not used before.
   *
   * @param callback the whole query
   * @param from `browser` is what the binding cookie has, `mayStill` whether the key by which the flow departed is good for it yet
   */
  async handleCallback(
    pluginId: string,
    callback: URLSearchParams,
    { browser, requestId, mayStill }: CallbackOrigin,
  ): Promise<Result<OAuthGrant, ConnectFault>> {
    const { specs, flows, client, tokens, grants, audit, logger } = this.#deps;
    if (hasDuplicates(callback)) {
      return refuse({ kind: "invalid", reason: "The provider's answer says something twice." });
    }
    const state = callback.get("state");
    if (state === null) {
      return refuse({ kind: "invalid", reason: "The provider's answer has no state." });
    }
    const arrived = await flows.arrive(pluginId, state, browser);
    const found = specs.find(pluginId);
    if (arrived === null || found === null) return refuse(GONE);
    const { flow, codeVerifier } = arrived;
    const { spec } = found;
    const faultOf = () => this.#faultOf(flow, mayStill);
    const fault = await faultOf();
    if (fault !== null) return refuse(fault);
    const { issuer, scope: asked, departedBy } = flow.departure!;
    const { owner, startedBy } = flow;
    const isFirst = (await grants.find(pluginId, owner)) === null;
    const departed = { state, codeVerifier, issuer, scope: asked, callback };
    const granted = await client.exchange(spec, departed);
    if (!granted.ok) {
      const { kind, reason } = granted.reason;
      logger.warn("An account was not connected", { instanceId: pluginId, kind, reason });
      return refuse({ kind: kind === "denied" ? "denied" : "failed", reason });
    }
    const actor = { actor: `user:${departedBy}`, requestId };
    const connected = await audit
      .change(
        actOn({ owner, instanceId: pluginId, name: TOKEN_NAME }, actor, "token.connect"),
        // The provider may have taken its time, and a plugin or a key may be gone since.
        () => tokens.connect({ spec, owner }, granted.value, faultOf),
        (result) => ({ startedBy, ...(result.ok && { scope: result.value.scope }) }),
        (result) => !result.ok,
      )
      .catch(async (error: unknown) => {
        await this.#giveBack(spec, granted.value, isFirst);
        throw error;
      });
    if (connected.ok) await flows.end(flow);
    else await this.#giveBack(spec, granted.value, isFirst);
    return connected;
  }

  /** Why a flow that has departed may not end with a connection any more; `null` while it may. */
  async #faultOf(flow: OAuthFlow, mayStill: CallbackOrigin["mayStill"]) {
    const { specs, flows } = this.#deps;
    const { instanceId, owner } = flow;
    const departure = flow.departure!;
    const found = specs.find(instanceId);
    const isSame =
      found !== null &&
      // Otherwise the provider would not take it.
      departure.redirectUri === found.spec.redirectUri &&
      isItsOwner(found, owner) &&
      (await flows.isOf(departure, clientOf(found.spec)));
    if (!isSame) return CHANGED;
    return mayStill(flow) ? null : REVOKED;
  }

  /** @throws AppError `NOT_FOUND`, and what `TokenManager.token` throws */
  async refreshToken(pluginId: string, owner: Owner): Promise<OAuthToken> {
    return this.#deps.tokens.refresh(this.#account(pluginId, owner));
  }

  /**
   * Ends a connection. What is kept of it here is deleted, whatever the provider says.
   *
   * @returns what the provider said; `absent` when there was none; `not-asked` when its plugin is gone, was not loaded, or
   * connects other accounts now
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

  /** Of one instance, or of all, as they stand for what is set up now. */
  async connections(pluginId?: string): Promise<readonly OAuthGrant[]> {
    const { grants, specs } = this.#deps;
    const found = await grants.list(pluginId);
    return found.map((grant) => asOfNow(grant, specs.find(grant.instanceId)));
  }

  /** Stores what the provider that the plugin names now knows the operator's client by. @throws AppError `NOT_FOUND`, and what the vault throws */
  async setClientSecret(pluginId: string, secret: string, actor: VaultActor): Promise<void> {
    const { specs, secrets } = this.#deps;
    const found = specs.find(pluginId);
    if (found === null) throw noAccounts(pluginId);
    await secrets.store(found.spec, secret, actor);
  }

  /** The Client ID Metadata Document of an instance; `null` where its client is known by other means. */
  clientDocument(pluginId: string): Record<string, unknown> | null {
    const found = this.#deps.specs.find(pluginId);
    if (found?.settings.registration !== "metadata-document") return null;
    const { instanceId, metadataUrl, redirectUri } = found.spec;
    const { scopes } = found.declared;
    return clientMetadata({ instanceId, metadataUrl, redirectUri, scopes });
  }

  /** The provider's name as people know it: its host, where it has no other. */
  providerOf(pluginId: string): string {
    const { provider = "", urls } = this.#deps.specs.find(pluginId)?.declared ?? {};
    const host = URL.parse(urls?.authorization ?? urls?.issuer ?? "")?.host;
    return findProvider(provider)?.title ?? host ?? provider;
  }

  /**
   * Ends at the provider what could not be kept here, because nobody could later. Where that would end other connections with
   * it, it is let be.
   */
  async #giveBack(spec: OAuthClientSpec, { token }: GrantedToken, isFirst: boolean): Promise<void> {
    const { client, logger } = this.#deps;
    const mayEnd = isFirst && findProvider(spec.declared.provider)?.revokesAll !== true;
    if (mayEnd && (await client.revoke(spec, token)) === "revoked") return;
    const { instanceId } = spec;
    logger.warn("Tokens that could not be kept are still good at the provider", { instanceId });
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
