/** Where a process that renews a token may stand still, in this order. */
export const FROZEN_MOMENTS = [
  "between the note that it renews and the request",
  "before its last look at the lease",
  "between its last look at the lease and the vault",
  "within the vault, before the commit",
  "between the commit and the note that it was saved",
] as const;

export type FrozenMoment = (typeof FROZEN_MOMENTS)[number];
