import * as z from "zod";
import { passphraseBytes, passphraseFault } from "../../core/auth/passphrase.ts";
import { AppError } from "../../errors.ts";
import type { Logger } from "../../types/logger.ts";
import type { Vault, VaultActor } from "../../types/vault.ts";
import { actorOf } from "../middleware/request-audit.ts";
import { answerWithProgress } from "../progress-answer.ts";
import { readJsonBody } from "../read-json-body.ts";
import type { Route, RouteCaller } from "../route-table.ts";

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
    {
      method: "GET",
      path: "/api/vault",
      policy: "vault:read",
      handle: async () => Response.json(await vault.status()),
    },
    {
      method: "POST",
      path: "/api/vault/rotate",
      policy: "vault:write",
      async handle(request, caller) {
        const { plugin } = await readJsonBody(request, rotateBody);
        if (plugin !== undefined) await assertKnown(plugin);
        return withProgress(caller, async (onProgress) => {
          const instance = plugin === undefined ? {} : { instanceId: plugin };
          await vault.rotateDataKeys({ actor: toActor(caller), onProgress, ...instance });
          return {};
        });
      },
    },
    {
      method: "POST",
      path: "/api/vault/rotate-master",
      policy: "vault:write",
      handle: (_, caller) =>
        withProgress(caller, async (onProgress) => {
          await vault.rotateMasterKey({ actor: toActor(caller), onProgress });
          return {};
        }),
    },
    {
      method: "POST",
      path: "/api/vault/verify",
      policy: "vault:write",
      handle: (_, caller) =>
        withProgress(caller, (onProgress) => vault.verify({ actor: toActor(caller), onProgress })),
    },
    {
      method: "POST",
      path: "/api/vault/export",
      policy: "vault:write",
      async handle(request, caller) {
        const body = await readJsonBody(request, exportBody);
        const bytes = passphraseBytes(body.passphrase);
        const backup = await vault.exportBackup({ actor: toActor(caller), passphrase: bytes });
        return new Response(backup, { headers: { "content-type": "text/plain; charset=utf-8" } });
      },
    },
    {
      method: "POST",
      path: "/api/vault/import",
      policy: "vault:write",
      async handle(request, caller) {
        const body = await readJsonBody(request, importBody, MAX_BACKUP_BYTES);
        const bytes = passphraseBytes(body.passphrase);
        const { backup } = body;
        return Response.json(
          await vault.importBackup({ actor: toActor(caller), passphrase: bytes, backup }),
        );
      },
    },
  ];
}

/** Whoever sent the request, as the vault records it. */
export function toActor({ principal, requestId }: RouteCaller): VaultActor {
  return { actor: actorOf(principal), requestId };
}
