import * as z from "zod";
import { passphraseBytes, passphraseFault } from "../../core/auth/passphrase.ts";
import { AppError } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { Vault } from "../../types/vault.ts";
import { defineRoute } from "../define-route.ts";
import { answerWithProgress } from "../progress-answer.ts";
import type { Route, RouteCaller } from "../route-table.ts";
import { time } from "../schemas.ts";
import { toActor } from "../to-actor.ts";

/** Of a backup, which has all credentials in one text. */
const MAX_BACKUP_BYTES = 64 * 1024 * 1024;

const passphrase = z.string().min(1).max(1024);
const rotateBody = z.strictObject({ plugin: z.string().optional() });
const exportBody = z.strictObject({
  passphrase: passphrase.superRefine((text, context) => {
    const fault = passphraseFault(text);
    if (fault !== null) context.addIssue(fault);
  }),
});
const importBody = z.strictObject({ passphrase, backup: z.string().min(1) });

/** JSON lines: see `answerWithProgress`. */
const PROGRESS = { type: "application/x-ndjson" };

const statusAnswer = z
  .object({
    driver: z.string(),
    masterKeyId: z.string(),
    masterRotationPending: z.boolean().meta({
      description: "Whether a rotation was interrupted, or is under way.",
    }),
    instances: z.array(
      z.object({
        instanceId: z.string(),
        credentials: z.int(),
        dataKeyId: z.string(),
        dataKeyCreatedAt: time,
        uses: z.int().meta({ description: "Encryptions, of the limit that replaces the key." }),
        useLimit: z.int(),
        pending: z.int().meta({ description: "Credentials that an older key has sealed." }),
      }),
    ),
  })
  .meta({ id: "VaultStatus" });

export interface VaultRoutesDeps {
  readonly vault: Vault;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * `/api/vault`: its state, rotation of its keys, its backup. What takes long answers with JSON lines
 * (`answerWithProgress`).
 */
export function vaultRoutes({ vault, now, logger }: VaultRoutesDeps): Route[] {
  const withProgress = (
    caller: RouteCaller,
    work: Parameters<typeof answerWithProgress>[0],
  ): Promise<Response> => answerWithProgress(work, { caller, now, logger });

  /** Also of an instance that is configured no more: its credentials are still there. */
  async function assertKnown(instanceId: string): Promise<void> {
    const { instances } = await vault.status();
    if (instances.some((instance) => instance.instanceId === instanceId)) return;
    throw new AppError("NOT_FOUND", `The vault has nothing of a plugin "${instanceId}".`);
  }

  return [
    defineRoute({
      method: "GET",
      path: "/api/vault",
      policy: "vault:read",
      summary: "Says which keys the vault has, and how much each has sealed.",
      answers: { 200: statusAnswer },
      handle: async () => Response.json(await vault.status()),
    }),
    defineRoute({
      method: "POST",
      path: "/api/vault/rotate",
      policy: "vault:write",
      summary: "Gives the plugins, or one of them, new data keys.",
      body: rotateBody,
      answers: { 200: PROGRESS },
      problems: ["NOT_FOUND", "CONFLICT", "VAULT_UNAVAILABLE"],
      async handle({ body: { plugin } }, caller) {
        if (plugin !== undefined) await assertKnown(plugin);
        return withProgress(caller, async (onProgress) => {
          const instance = plugin === undefined ? {} : { instanceId: plugin };
          await vault.rotateDataKeys({ actor: toActor(caller), onProgress, ...instance });
          return {};
        });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/vault/rotate-master",
      policy: "vault:write",
      summary:
        "Gives the vault a new master key, or takes over the one that was given to the server.",
      answers: { 200: PROGRESS },
      problems: ["CONFIG_INVALID", "CONFLICT", "VAULT_UNAVAILABLE"],
      handle: (_, caller) =>
        withProgress(caller, async (onProgress) => {
          await vault.rotateMasterKey({ actor: toActor(caller), onProgress });
          return {};
        }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/vault/verify",
      policy: "vault:write",
      summary: "Opens every credential, and says what is damaged.",
      answers: { 200: PROGRESS },
      problems: ["VAULT_UNAVAILABLE"],
      handle: (_, caller) =>
        withProgress(caller, (onProgress) => vault.verify({ actor: toActor(caller), onProgress })),
    }),
    defineRoute({
      method: "POST",
      path: "/api/vault/export",
      policy: "vault:write",
      summary: "Answers all credentials as one text that only the passphrase opens.",
      body: exportBody,
      answers: { 200: { type: "text/plain" } },
      problems: ["VAULT_UNAVAILABLE", "AUDIT_UNAVAILABLE"],
      async handle({ body }, caller) {
        const bytes = passphraseBytes(body.passphrase);
        const backup = await vault.exportBackup({ actor: toActor(caller), passphrase: bytes });
        return new Response(backup, { headers: { "content-type": "text/plain; charset=utf-8" } });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/vault/import",
      policy: "vault:write",
      summary: "Stores what a backup holds, over what is there under the same names.",
      body: importBody,
      maxBodyBytes: MAX_BACKUP_BYTES,
      answers: { 200: z.object({ imported: z.int() }) },
      problems: ["BACKUP_INVALID", "VAULT_UNAVAILABLE", "AUDIT_UNAVAILABLE"],
      async handle({ body: { backup, ...body } }, caller) {
        const bytes = passphraseBytes(body.passphrase);
        return Response.json(
          await vault.importBackup({ actor: toActor(caller), passphrase: bytes, backup }),
        );
      },
    }),
  ];
}
