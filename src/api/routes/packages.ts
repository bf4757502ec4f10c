import * as z from "zod";
import { readAuthConfig } from "../../core/auth-config.ts";
import type { PluginManager } from "../../core/plugin-manager.ts";
import type { PluginPackage } from "../../types/instances.ts";
import { defineRoute } from "../define-route.ts";
import { paginate } from "../paginate.ts";
import type { Route } from "../route-table.ts";
import { pageOf, pageQuery } from "../schemas.ts";

const packageAnswer = z
  .object({
    package: z.string().meta({ description: "As instances name it." }),
    usedBy: z.array(z.string()).meta({ description: "The instances of it." }),
    hasManifest: z.boolean().meta({
      description: "Whether it says of itself what follows; else that shows when it runs.",
    }),
    configSchema: z.record(z.string(), z.unknown()).nullable().meta({
      description: "JSON Schema of its settings.",
    }),
    auth: z
      .object({
        type: z.string(),
        required: z.boolean(),
        owner: z.enum(["shared", "user"]),
        provider: z.string().nullable(),
        fields: z.array(
          z.object({
            name: z.string(),
            type: z.string(),
            required: z.boolean(),
            description: z.string(),
          }),
        ),
      })
      .nullable()
      .meta({ description: "The credentials that it needs." }),
    permissions: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "PluginPackage" });

/** `GET /api/packages`: what instances can be made of. None of its code runs for that. */
export function packageRoutes(manager: Pick<PluginManager, "registry">): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/packages",
      policy: "plugins:read",
      summary: "Lists the plugin packages that are here, with what their manifests say.",
      query: pageQuery,
      answers: { 200: pageOf(packageAnswer) },
      handle({ query }) {
        const { instances, available } = manager.registry;
        const used = Map.groupBy(
          instances.filter((instance) => instance.package !== null),
          (instance) => instance.package!.ref,
        );
        const all = [
          ...available.map((code) => toAnswer(code, [])),
          ...[...used.values()].map((users) =>
            toAnswer(
              users[0]!.package!,
              users.map(({ settings }) => settings.id),
            ),
          ),
        ];
        return Response.json(paginate(all, (each) => [each.package], query));
      },
    }),
  ];
}

function toAnswer({ ref, manifest }: PluginPackage, usedBy: readonly string[]) {
  const auth = readAuthConfig(manifest?.auth, null);
  const needs = auth.ok ? auth.value : null;
  return {
    package: ref,
    usedBy,
    hasManifest: manifest !== null,
    configSchema: manifest?.config ?? null,
    auth: needs && {
      type: needs.type,
      required: needs.required,
      owner: needs.owner,
      provider: needs.oauth?.provider ?? null,
      fields: [...needs.fields].map(([name, { type, required, description }]) => {
        return { name, type, required, description };
      }),
    },
    permissions: manifest?.permissions ?? null,
  };
}
