import * as z from "zod";
import type { AssertAcceptable } from "../../core/credential-acceptance.ts";
import { INSTANCE_ID } from "../../core/instance-settings.ts";
import { AppError } from "../../errors.ts";
import type { CredentialListing, Vault } from "../../types/vault.ts";
import { CREDENTIAL_NAME, CREDENTIAL_NAME_RULE } from "../../util/credential-names.ts";
import { defineRoute } from "../define-route.ts";
import { paginate } from "../paginate.ts";
import type { Route } from "../route-table.ts";
import { instanceId, owner, pageOf, pageQuery, time } from "../schemas.ts";
import { toActor } from "../to-actor.ts";

/** A name with a `$` is the server's own, and is nobody's to set. */
const name = z
  .string()
  .refine((text) => CREDENTIAL_NAME.test(text), `must be ${CREDENTIAL_NAME_RULE}`)
  .meta({ description: `What the plugin calls it: ${CREDENTIAL_NAME_RULE}.`, example: "api_key" });

const credentialBody = z.strictObject({
  plugin: instanceId,
  name,
  // Half a surrogate pair would come out of UTF-8 as something else.
  value: z
    .string()
    .min(1)
    .refine((text) => text.isWellFormed(), "has half a character")
    .meta({ description: "It is never answered again.", writeOnly: true }),
  owner: owner.default("shared"),
});

const credentialAnswer = z
  .object({ plugin: z.string(), name: z.string(), owner, createdAt: time, updatedAt: time })
  .meta({ id: "Credential" });

/** Which credential a DELETE means. The instance may be one that is configured no more. */
const target = z.object({ plugin: z.string().regex(INSTANCE_ID), name });

export interface CredentialRoutesDeps {
  readonly vault: Vault;
  readonly assertAcceptable: AssertAcceptable;
}

/** `/api/auth/credentials`: what plugins need to know of others. Values go in and never come out. */
export function credentialRoutes({ vault, assertAcceptable }: CredentialRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/auth/credentials",
      policy: "credentials:read",
      summary: "Lists credentials by their names, never with their values.",
      query: pageQuery.extend({ plugin: z.string().optional() }),
      answers: { 200: pageOf(credentialAnswer) },
      async handle({ query: { plugin, ...page } }) {
        const found = (await vault.list(plugin)).map(toAnswer);
        return Response.json(paginate(found, (each) => [each.plugin, each.owner, each.name], page));
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/auth/credentials",
      policy: "credentials:write",
      summary: "Stores a credential for a plugin, over what was there under its name.",
      body: credentialBody,
      answers: { 204: null },
      problems: ["CREDENTIAL_INVALID", "NOT_FOUND", "VAULT_UNAVAILABLE", "AUDIT_UNAVAILABLE"],
      async handle({ body }, caller) {
        assertAcceptable(body.plugin, body.name, body.value);
        const own = vault.for(body.owner, toActor(caller));
        await own.storeCredential(body.plugin, body.name, body.value);
        return new Response(null, { status: 204 });
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/auth/credentials/:plugin/:name",
      policy: "credentials:write",
      summary: "Deletes a credential.",
      params: z.object({ plugin: z.string(), name: z.string() }),
      query: z.strictObject({ owner: owner.default("shared") }),
      answers: { 204: null },
      problems: ["CREDENTIAL_NOT_FOUND", "VAULT_UNAVAILABLE", "AUDIT_UNAVAILABLE"],
      async handle({ params, query }, caller) {
        const own = vault.for(query.owner, toActor(caller));
        const named = target.safeParse(params);
        if (!named.success) throw notFound();
        const { plugin, name: credential } = named.data;
        const there = await own.listCredentials(plugin);
        if (!there.includes(credential)) throw notFound();
        await own.deleteCredential(plugin, credential);
        return new Response(null, { status: 204 });
      },
    }),
  ];
}

function toAnswer({ instanceId: plugin, name: named, owner: whose, ...rest }: CredentialListing) {
  const { createdAt, updatedAt } = rest;
  return { plugin, name: named, owner: whose, createdAt, updatedAt };
}

function notFound(): AppError {
  return new AppError("CREDENTIAL_NOT_FOUND", "There is no such credential.");
}
