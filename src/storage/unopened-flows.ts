/** Links to one account that a starter may have at once, as long as nobody has gone on with them. */
export const MAX_UNOPENED_FLOWS = 20;
