import * as z from "zod";
import { isOwner } from "../../core/auth/credential-ids.ts";
import type { AssertAcceptable } from "../../core/credential-acceptance.ts";
import { INSTANCE_ID } from "../../core/instance-settings.ts";
import { AppError } from "../../errors.ts";
import type { CredentialListing, Owner, Vault } from "../../types/vault.ts";
import { readJsonBody } from "../read-json-body.ts";
import type { Route } from "../route-table.ts";
import { CREDENTIAL_NAME, CREDENTIAL_NAME_RULE } from "../../util/credential-names.ts";
import { toActor } from "./vault.ts";

const OWNER_RULE = "must be shared, client:<id> or user:<issuer>:<subject>";
const owner = z.custom<Owner>(isOwner, OWNER_RULE).default("shared");
/** A name with a `$` is the server's own, and is nobody's to set. */
const name = z
  .string()
  .refine((text) => CREDENTIAL_NAME.test(text), `must be ${CREDENTIAL_NAME_RULE}`);

const credentialBody = z.strictObject({
  plugin: z.string().regex(INSTANCE_ID),
  name,
  // Half a surrogate pair would come out of UTF-8 as something else.
  value: z
    .string()
    .min(1)
    .refine((text) => text.isWellFormed(), "has half a character"),
  owner,
});

/** Which credential a DELETE means. The instance may be one that is configured no more. */
const target = z.object({ plugin: z.string().regex(INSTANCE_ID), name });

export interface CredentialRoutesDeps {
  readonly vault: Vault;
  readonly assertAcceptable: AssertAcceptable;
}

/** `/api/auth/credentials`: what plugins need to know of others. Values go in and never come out. */
export function credentialRoutes({ vault, assertAcceptable }: CredentialRoutesDeps): Route[] {
  return [
    {
      method: "GET",
      path: "/api/auth/credentials",
      policy: "credentials:read",
      async handle(request) {
        const plugin = new URL(request.url).searchParams.get("plugin");
        const found = await vault.list(plugin ?? undefined);
        return Response.json({ data: found.map(toAnswer) });
      },
    },
    {
      method: "POST",
      path: "/api/auth/credentials",
      policy: "credentials:write",
      async handle(request, caller) {
        const body = await readJsonBody(request, credentialBody);
        assertAcceptable(body.plugin, body.name, body.value);
        const own = vault.for(body.owner, toActor(caller));
        await own.storeCredential(body.plugin, body.name, body.value);
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "DELETE",
      path: "/api/auth/credentials/:plugin/:name",
      policy: "credentials:write",
      async handle(request, caller) {
        const own = vault.for(readOwner(request), toActor(caller));
        const named = target.safeParse(caller.params);
        if (!named.success) throw notFound();
        const { plugin, name: credential } = named.data;
        const there = await own.listCredentials(plugin);
        if (!there.includes(credential)) throw notFound();
        await own.deleteCredential(plugin, credential);
        return new Response(null, { status: 204 });
      },
    },
  ];
}

/** @throws AppError `QUERY_INVALID` */
function readOwner({ url }: Request): Owner {
  const parsed = owner.safeParse(new URL(url).searchParams.get("owner") ?? undefined);
  if (parsed.success) return parsed.data;
  throw new AppError("QUERY_INVALID", `The query is not valid: owner ${OWNER_RULE}.`);
}

function toAnswer({ instanceId: plugin, name: named, owner: whose, ...rest }: CredentialListing) {
  const { createdAt, updatedAt } = rest;
  return { plugin, name: named, owner: whose, createdAt, updatedAt };
}

function notFound(): AppError {
  return new AppError("CREDENTIAL_NOT_FOUND", "There is no such credential.");
}
