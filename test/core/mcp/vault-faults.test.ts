import { describe, expect, it } from "vitest";
import { AppError, type ErrorCode } from "../../../src/errors.ts";
import { CALL_PATHS } from "../../helpers/call-paths.ts";
import { modern } from "../../helpers/mcp.ts";
import { createPlainVault } from "../../helpers/plain-vault.ts";
import type { TestApp } from "../../helpers/test-app.ts";
import { openLeakyApp } from "./leaky-app.ts";

const CAUSE = "the disk at /secret/path is full";

/** A plugin that asks for its credential in each call, over a vault that fails with this code. */
async function openBroken(kind: "in-process" | "worker", code: ErrorCode): Promise<TestApp> {
  const vault = createPlainVault();
  return openLeakyApp(kind, {
    ...vault,
    for: (owner, actor) => ({
      ...vault.for(owner, actor),
      useCredential: () => Promise.reject(new AppError(code, CAUSE)),
    }),
  });
}

const FAULTS: readonly [ErrorCode, string][] = [
  [
    "AUDIT_UNAVAILABLE",
    "could not use its credential: the server cannot record its use right now, and gives out none without a record. An administrator can make room for the audit record, or make it writable again; the server's log has the cause.",
  ],
  [
    "VAULT_UNAVAILABLE",
    "could not use its credential: the server's storage of credentials does not work right now. An administrator can look for the cause in the server's log.",
  ],
  [
    "CREDENTIAL_UNREADABLE",
    "could not use its credential: the stored one is damaged or not the vault's own. An administrator can find out more with `mcp-plugin-server vault verify`, and store it anew.",
  ],
  ["NOT_CONNECTED", "failed."],
];

describe.each(["in-process", "worker"] as const)("a plugin that runs %s", (kind) => {
  describe.each(FAULTS)("when its credential is refused with %s", (code, sentence) => {
    const errorOf = ({ logs }: TestApp) => logs.findLast(({ level }) => level === "error")!;

    it.each(CALL_PATHS)("answers a call $path with what can be done", async ({ callTool }) => {
      const app = await openBroken(kind, code);
      const { result } = await callTool(app, "leaky_text");
      const { message, fields } = errorOf(app);
      const text = `Tool "leaky_text" ${sentence} Request id: ${String(fields["requestId"])}`;
      expect(result).toMatchObject({ isError: true, content: [{ type: "text", text }] });
      expect(JSON.stringify(result)).not.toContain("/secret/path");
      expect(message).toBe('Tool "leaky_text" failed');
      expect(fields["error"]).toContain(CAUSE);
    });

    it("answers the same for a resource", async () => {
      const app = await openBroken(kind, code);
      const { body } = await modern(app, "resources/read", { uri: "leaky://text" });
      const id = String(errorOf(app).fields["requestId"]);
      expect(body.error).toEqual({
        code: -32603,
        message: `Plugin "leaky" ${sentence} Request id: ${id}`,
      });
    });
  });
});
