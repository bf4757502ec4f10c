import * as z from "zod";
import { isOwner } from "../core/auth/credential-ids.ts";
import { INSTANCE_ID } from "../core/instance-settings.ts";
import type { Owner } from "../types/vault.ts";

/** What several routes take or give. Names with `meta({ id })` are components of `openapi.json`. */

export const instanceId = z.string().regex(INSTANCE_ID).meta({
  description: "The id of a plugin instance.",
  example: "github",
});

const OWNER_RULE = "must be shared, client:<id> or user:<issuer>:<subject>";

export const owner = z
  .custom<Owner>(isOwner, OWNER_RULE)
  .meta({ type: "string", description: `Whose it is: ${OWNER_RULE}.`, example: "shared" });

export const time = z
  .int()
  .meta({ description: "Milliseconds since 1970.", example: 1767225600000 });

/** How much of a list to answer. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(200))
    .default(50)
    .meta({ description: "How many to answer at the most.", type: "integer", example: 50 }),
  cursor: z.string().min(1).max(4_096).optional().meta({
    description: "The nextCursor of the page before.",
  }),
});

/** A page of a list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: "Of the next page; null for the last." }),
  });
}
