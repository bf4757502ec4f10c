import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** What a page is made of: texts are escaped wherever they come from. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#1c1c1e;background:#fff}" +
  "h1{font-size:1.4rem}button,input{font:inherit;padding:.5rem .8rem;border-radius:.4rem;border:1px solid #8a8a8e}" +
  "input{width:100%;box-sizing:border-box;margin:.3rem 0 1rem}button{background:#0b57d0;border-color:#0b57d0;color:#fff;cursor:pointer}" +
  "code{overflow-wrap:anywhere}.fault{border-left:.3rem solid #b3261e;padding-left:.8rem}" +
  "@media(prefers-color-scheme:dark){body{color:#e5e5ea;background:#1c1c1e}input{background:#2c2c2e;color:inherit}}";

/** Whole, because a blank in it would give it another hash. */
const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`);
/** Of the style above, which is the only thing that a page may load. A test keeps the two equal. */
const STYLE_HASH = "sha256-DiwcWC2KF/R3qLCk2XX8Z3B91xZYT7EnmipJGf0Xi0Y=";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src '${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  "cross-origin-opener-policy": "same-origin",
  // Nothing to others; with "no-referrer" browsers would not even tell us that a form is our own.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  readonly cookies?: readonly string[];
  /** Where the browser goes on by itself. A redirect in the answer to a form would be held up by `form-action`. */
  readonly goOn?: string;
}

/** A page that works without scripts and loads nothing. */
export async function page({
  title,
  body,
  status = 200,
  cookies = [],
  goOn,
}: PageOptions): Promise<Response> {
  const refresh =
    goOn === undefined ? "" : html`<meta http-equiv="refresh" content="0; url=${goOn}" />`;
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        ${refresh} ${STYLE_ELEMENT}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `;
  const headers = new Headers(HEADERS);
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(String(text), { status, headers });
}
