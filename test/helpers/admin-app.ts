import { createKeyRepository, createMemoryServerSettings, type AppDeps } from "../../src/index.ts";
import { createApiContract, type ApiDocument, type CheckAnswer } from "./api-contract.ts";
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
  admin(
    route: string,
    body?: unknown,
    key?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<AdminAnswer>;
}

/** Every setting, without anything that it changes outside of the app. */
const serverSettings = (): NonNullable<AppDeps["serverSettings"]> => ({
  store: createMemoryServerSettings(),
  fixed: [],
  logLevel: { given: "info", apply: () => {} },
  auditDays: { given: null, apply: () => {} },
});

/** A server that keeps its keys in a database. What it answers is held against `/openapi.json`. */
export async function openAdminApp({ deps, ...options }: TestAppOptions = {}): Promise<AdminApp> {
  const keyStore = createKeyRepository(makeDatabase().db);
  const app = await createTestApp({
    ...options,
    deps: { keyStore, serverSettings: serverSettings(), ...deps },
  });
  let check: CheckAnswer | null = null;
  const contract = async () => {
    const document = await app.request("/openapi.json", { key: null });
    return (check ??= createApiContract((await document.json()) as ApiDocument));
  };
  return {
    ...app,
    async admin(route, body, key = ADMIN_TOKEN, headers = {}) {
      const [method = "", path = ""] = route.split(" ");
      const response = await app.request(path, {
        method,
        key,
        headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const json: unknown = text === "" ? null : JSON.parse(text);
      const { status } = response;
      const type = response.headers.get("content-type");
      const fault = (await contract())(method, path, { status, type, json });
      // An answer that is not as the document says is a fault of every test that sees it.
      if (fault !== null) throw new Error(fault);
      return { status, headers: response.headers, json };
    },
  };
}
