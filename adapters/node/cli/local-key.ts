/** The key by which a command speaks to the API that it opens itself; in the audit record it is `user:local`. */
export const LOCAL_KEY = "local";
