import { createKeyRepository } from "../../src/index.ts";
import { makeDatabase } from "./database.ts";
import { ADMIN_TOKEN, createTestApp, type TestApp, type TestAppOptions } from "./test-app.ts";

/** A request of the admin API with a JSON body, and what it answers. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly json: any;
}

export interface AdminApp extends TestApp {
  /** Asks as the administrator, unless another token is given. */
  admin(route: string, body?: unknown, key?: string): Promise<AdminAnswer>;
}

/** A server that keeps its keys in a database. */
export async function openAdminApp({ deps, ...options }: TestAppOptions = {}): Promise<AdminApp> {
  const keyStore = createKeyRepository(makeDatabase().db);
  const app = await createTestApp({ ...options, deps: { keyStore, ...deps } });
  return {
    ...app,
    async admin(route, body, key = ADMIN_TOKEN) {
      const [method = "", path = ""] = route.split(" ");
      const response = await app.request(path, {
        method,
        key,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      });
      const text = await response.text();
      const { status, headers } = response;
      return { status, headers, json: text === "" ? null : JSON.parse(text) };
    },
  };
}
