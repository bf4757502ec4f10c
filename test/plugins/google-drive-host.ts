import googleDrive from "../../plugins/google-drive/index.ts";
import {
  createTestHost,
  type FetchInit,
  type PluginContext,
  type TestHost,
} from "../../src/plugins/index.ts";
import { canary } from "../helpers/canary.ts";
import { openDriveService, type DriveAccount, type DriveService } from "./google-drive-service.ts";
import { needingNothing } from "./needing-nothing.ts";
import { searchCalls } from "./searched-calls.ts";
import { expectNone } from "./secret-search.ts";

export const TOKEN = canary("ya29.a0-access_");
export const FILES = "GET /drive/v3/files";
export const CONNECT = "https://mcp.example.org/connect/handle-1";

export interface ToolAnswer {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly content: readonly any[];
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly structuredContent: any;
}

export interface GoogleDrive {
  readonly service: DriveService;
  readonly account: DriveAccount;
  readonly host: TestHost;
  /** How often the plugin said that the provider takes its token no more. */
  readonly reauths: () => number;
  /** How the requests were sent. */
  readonly inits: readonly (FetchInit | undefined)[];
  /** Calls a tool. What comes of it is searched for the token when the test ends, as is the log. */
  readonly call: (
    name: string,
    args?: Record<string, unknown>,
    signal?: AbortSignal,
  ) => Promise<ToolAnswer>;
  /** The text of the first block. */
  readonly textOf: (name: string, args?: Record<string, unknown>) => Promise<string>;
}

export interface GoogleDriveOptions {
  readonly config?: Record<string, unknown>;
  /** In place of those of the server. */
  readonly context?: Partial<PluginContext>;
}

/** The plugin with a connected account, which is empty. */
export async function openGoogleDrive(options: GoogleDriveOptions = {}): Promise<GoogleDrive> {
  const service = await openDriveService(TOKEN);
  const plugin = await needingNothing(googleDrive);
  const inits: (FetchInit | undefined)[] = [];
  let reauths = 0;
  const initialize = plugin.initialize.bind(plugin);
  plugin.initialize = (context) => {
    const own: Partial<PluginContext> = {
      fetch: (url, init) => {
        inits.push(init);
        return context.fetch(url, init);
      },
      requireReauth: async () => {
        reauths += 1;
        return CONNECT;
      },
    };
    return initialize({ ...context, ...own, ...options.context });
  };
  const host = await createTestHost(plugin, {
    pluginId: "drive",
    accessToken: TOKEN,
    config: {
      baseUrl: `${service.baseUrl}/drive/v3`,
      sheetsUrl: `${service.baseUrl}/v4`,
      ...options.config,
    },
  });
  const searched = searchCalls(host, service, (said) => expectNone([TOKEN], said));
  const call: GoogleDrive["call"] = searched.call;
  return {
    service,
    account: service.account,
    host,
    reauths: () => reauths,
    inits,
    call,
    textOf: async (name, args) => (await call(name, args)).content[0].text as string,
  };
}
