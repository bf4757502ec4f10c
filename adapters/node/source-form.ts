/** Of this server's own files: `.ts` as written, `.js` as built. */
export const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf("."));

/** The sources run in a clone; what was built runs as a package. */
export const IS_CLONE = EXTENSION === ".ts";
