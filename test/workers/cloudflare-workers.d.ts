/** The part of the runtime's own module that the tests use; the product uses none of it. */
declare module "cloudflare:workers" {
  export const exports: {
    /** The Worker of wrangler.toml, reached as another Worker reaches it. */
    readonly default: { fetch(url: string, init?: RequestInit): Promise<Response> };
  };
}
