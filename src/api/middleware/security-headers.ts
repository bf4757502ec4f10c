/** What no answer of ours needs a browser to do. */
const ALWAYS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

/** Of answers that are no pages: whatever a browser makes of them, it loads nothing and is in no frame. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";
/** A year (ASVS 3.4.1). */
const HSTS = "max-age=31536000";

/**
 * Adds the headers by which browsers protect people; what a page says itself stays. Changes the answer's headers alone, so that a
 * stream goes on.
 */
export function addSecurityHeaders({ headers }: Response, isHttps: boolean): void {
  for (const [name, value] of Object.entries(ALWAYS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", NO_PAGE);
  if (isHttps) headers.set("strict-transport-security", HSTS);
}
