/* oxlint-disable typescript/consistent-type-imports -- an import would make this file a module, which declares no others */

/** The part of the runtime's own module that the tests use; the product uses none of it. */
declare module "cloudflare:workers" {
  export const exports: {
    /** The Worker of wrangler.toml, reached as another Worker reaches it. */
    readonly default: { fetch(url: string, init?: RequestInit): Promise<Response> };
  };
  /** What vitest.config.ts binds. */
  export const env: {
    readonly TEST_DB: import("drizzle-orm/d1").AnyD1Database;
    readonly TEST_MIGRATIONS: readonly unknown[];
  };
}

declare module "cloudflare:test" {
  export function applyD1Migrations(
    db: import("drizzle-orm/d1").AnyD1Database,
    migrations: readonly unknown[],
  ): Promise<void>;
}
