import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { createClientSecrets } from "../../../src/core/auth/client-secrets.ts";
import { OAuthManager } from "../../../src/core/auth/oauth-manager.ts";
import { OAuthFlows } from "../../../src/core/auth/oauth-state.ts";
import { VaultAudit } from "../../../src/core/auth/vault-audit.ts";
import { AppError, createMemoryOAuthFlows } from "../../../src/index.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { PROVIDER_SPEC } from "../../helpers/provider-script.ts";
import { openManager } from "../../helpers/token-manager.ts";

const BY = { departedBy: "admin", keyReference: null };

/** A manager that cannot record what it does, and a person who has come back from this provider. */
async function openFull(provider: string) {
  const { tokens, grants, vault, time, provider: script } = await openManager();
  const declared = { provider, scopes: ["read"] };
  const spec = { ...PROVIDER_SPEC, declared };
  const instance = { declared, owner: "shared" as const, settings: spec.settings, spec };
  const logger = createRecordingLogger();
  const full = async () => {
    throw new AppError("AUDIT_UNAVAILABLE", "the disk of the record is full");
  };
  const manager = new OAuthManager({
    specs: { find: () => instance, of: () => spec, publicUrl: () => "https://mcp.example" },
    secrets: createClientSecrets({ vault, sha256 }),
    flows: new OAuthFlows({ store: createMemoryOAuthFlows(), sha256, time }),
    tokens,
    grants,
    client: script.client,
    audit: new VaultAudit({ record: full }, logger),
    logger,
  });
  const begun = await manager.initiateFlow("drive", { owner: "shared", startedBy: "admin" });
  const opened = (await manager.open(begun.state))!;
  const away = await manager.depart(opened, BY, null);
  if (!away.ok) throw new Error(away.reason.reason);
  const { url, browser } = away.value;
  const state = new URL(url).searchParams.get("state")!;
  const callback = new URLSearchParams({ state, code: "a-code" });
  return {
    script,
    logger,
    handle: () =>
      manager.handleCallback("drive", callback, {
        browser,
        requestId: "request",
        mayStill: () => true,
      }),
  };
}

describe("tokens that cannot be kept", () => {
  it.each<[string, number]>([
    ["custom", 1],
    ["linear", 1],
    // There the end of one is the end of all that the person has granted the client.
    ["google", 0],
    ["github", 0],
  ])("of %s are ended at the provider %i times", async (provider, ended) => {
    const { script, logger, handle } = await openFull(provider);
    await expect(handle()).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
    expect(script.state.revocations).toHaveLength(ended);
    const said = logger.records.filter(({ message }) => message.includes("still good"));
    expect(said).toHaveLength(1 - ended);
  });
});
