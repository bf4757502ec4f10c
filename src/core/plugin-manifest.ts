import * as z from "zod";
import type { PluginManifest } from "../types/instances.ts";
import { ok, refuse, type Result } from "../util/result.ts";

const manifestSchema = z.strictObject({
  apiVersion: z.literal(1),
  entry: z
    .string()
    .regex(/^\.\/[^\\]+$/, "must be a path that begins with ./")
    .refine((path) => !path.split("/").includes(".."), "must stay inside the plugin's folder"),
  permissions: z.record(z.string(), z.unknown()).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  auth: z.record(z.string(), z.unknown()).optional(),
});

/**
 * Reads the `mcpPlugin` member of a plugin's package.json. `null` when there is none; a manifest with a mistake is
 * refused whole, because half of a permission list is worse than an error.
 */
export function parseManifest(packageJson: unknown): Result<PluginManifest | null, string> {
  const isObject = typeof packageJson === "object" && packageJson !== null;
  if (!isObject || !("mcpPlugin" in packageJson)) return ok(null);
  const parsed = manifestSchema.safeParse(packageJson.mcpPlugin);
  if (parsed.success) return ok(parsed.data);
  const issues = parsed.error.issues.map(
    ({ path, message }) => `${["mcpPlugin", ...path].map(String).join("/")}: ${message}`,
  );
  return refuse(`The manifest in its package.json is not valid: ${issues.join("; ")}`);
}
