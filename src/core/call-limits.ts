/** How long a call may go on without progress, in milliseconds, unless its tool says otherwise. */
export const CALL_TIMEOUT_MS = 60_000;
/** How long a call may take in all, whatever its tool says and however much progress it reports, in milliseconds. */
export const MAX_CALL_MS = 600_000;
