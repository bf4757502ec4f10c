import createGithubPlugin from "../../plugins/github/index.ts";
import { NEW_INSTANCE, toPlugin } from "../../src/host/plugin-object.ts";
import { createTestHost, type PluginContext, type TestHost } from "../../src/plugins/index.ts";
import { canary } from "../helpers/canary.ts";
import { openLoopbackService, type LoopbackService } from "../helpers/loopback-service.ts";
import { searchCalls, type ToolAnswer } from "./searched-calls.ts";
import { expectNone } from "./secret-search.ts";

export const PERSONAL = canary("ghp_0f1e2d3c4b5a69788796");
export const ACCOUNT = canary("gho_aabbccddeeff00112233");

export const REPOSITORY = "GET /repos/acme/site";
export const ISSUES = "GET /repos/acme/site/issues";
export const ISSUE = "GET /repos/acme/site/issues/7";
export const CREATE = "POST /repos/acme/site/issues";
export const SITE = { owner: "acme", repo: "site" };

export interface GitHub {
  readonly service: LoopbackService;
  readonly host: TestHost;
  /** What a tool answers, without its text. What comes of it is searched for tokens when the test ends, as is the log. */
  readonly call: (
    name: string,
    args?: Record<string, unknown>,
    signal?: AbortSignal,
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  ) => Promise<any>;
  /** The same, with its text. */
  readonly callWhole: (name: string, args?: Record<string, unknown>) => Promise<ToolAnswer>;
  readonly read: (path: string) => Promise<unknown>;
  /** Puts a credential into the vault while the plugin runs. */
  readonly store: (name: string, value: string) => Promise<void>;
}

export interface GitHubOptions {
  readonly config?: Record<string, unknown>;
  /** Left out, a personal token is stored. */
  readonly credentials?: Record<string, string>;
  /** What the server says of the connected account. */
  readonly account?: Partial<Pick<PluginContext, "getAccessToken" | "requireReauth">>;
  /** Secrets besides the usual ones. */
  readonly secrets?: readonly string[];
}

/** The plugin at a server of this machine. */
export async function gitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const { config, credentials = { personal_token: PERSONAL }, account, secrets = [] } = options;
  const service = await openLoopbackService();
  const plugin = Object.defineProperties(await toPlugin({ default: createGithubPlugin }), {
    // It is to be run as it is.
    [NEW_INSTANCE]: { value: undefined },
  });
  const initialize = plugin.initialize.bind(plugin);
  const context = Promise.withResolvers<PluginContext>();
  plugin.initialize = (given) => {
    context.resolve(given);
    return initialize({ ...given, ...account });
  };
  const host = await createTestHost(plugin, {
    pluginId: "gh",
    config: { baseUrl: service.baseUrl, ...config },
    credentials,
  });
  const { call, note } = searchCalls(host, service, (said) => {
    const addresses = service.requests.map(({ url, text }) => [url.href, text]);
    expectNone([PERSONAL, ACCOUNT, ...secrets], [said, addresses]);
  });
  return {
    service,
    host,
    async call(name, args, signal) {
      const answer: Partial<ToolAnswer> = await call(name, args, signal);
      const { content, structuredContent } = answer;
      return content === undefined ? answer : structuredContent;
    },
    callWhole: call,
    read: (path) => note(host.readResource(`github://gh/${path}`)),
    store: async (name, value) => (await context.promise).setCredential(name, value),
  };
}

/** Request lines so far, as they were sent. */
export function sent({ requests }: LoopbackService): string[] {
  return requests.map(({ method, url }) => `${method} ${url.pathname}${url.search}`);
}
