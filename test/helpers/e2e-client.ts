import {
  Client,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as LegacyAnyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolResultSchema,
  ElicitRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { REVISION } from "./mcp.ts";

interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: {
    progress: number;
    total?: number | undefined;
    message?: string | undefined;
  }) => void;
}

/** What the end-to-end tests do with a client, whichever it is. Results are as the client hands them out. */
export interface E2eClient {
  readonly revision: string | undefined;
  serverName(): string | undefined;
  toolNames(): Promise<string[]>;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into results freely
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<any>;
  resourceUris(): Promise<string[]>;
  templates(): Promise<string[]>;
  read(uri: string): Promise<unknown>;
  promptNames(): Promise<string[]>;
  prompt(name: string, args: Record<string, string>): Promise<unknown>;
  complete(prompt: string, argument: string, value: string): Promise<unknown>;
  /** Calls back whenever the server says that its tools have changed. */
  onToolsChanged(callback: () => void): void;
  /** Watches a resource, and calls back whenever the server says that it has changed. */
  watch(uri: string, callback: () => void): Promise<void>;
  close(): Promise<void>;
}

const INFO = { name: "e2e", version: "1.0.0" };
/** What the person answers, whatever is asked. */
const ANSWER = { action: "accept" as const, content: { name: "Ada" } };

function headersOf(key: string): RequestInit {
  return { headers: { Authorization: `Bearer ${key}` } };
}

/** The client of the official SDK's first major version. */
export async function connectV1(mcpUrl: string, key: string): Promise<E2eClient> {
  return connectV1Over(new LegacyTransport(new URL(mcpUrl), { requestInit: headersOf(key) }));
}

/** The same over any transport of its SDK. */
export async function connectV1Over(transport: LegacyAnyTransport): Promise<E2eClient> {
  const client = new LegacyClient(INFO, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ANSWER);
  let revision: string | undefined;
  const inner = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    revision = version;
    inner?.(version);
  };
  await client.connect(transport);
  return {
    ...commonParts(client),
    revision,
    async watch(uri, callback) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
        if (params.uri === uri) callback();
      });
      await client.subscribeResource({ uri });
    },
    call: (name, args = {}, options = {}) =>
      client.callTool({ name, arguments: args }, CallToolResultSchema, options),
    onToolsChanged: (callback) =>
      client.setNotificationHandler(ToolListChangedNotificationSchema, callback),
  };
}

/** The client of the second; without a mode it is as its default. */
export async function connectV2(
  mcpUrl: string,
  key: string,
  mode?: "auto" | { pin: string },
): Promise<E2eClient> {
  const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), {
    requestInit: headersOf(key),
  });
  return connectV2Over(transport, mode);
}

/** The same over any transport of its SDK. */
export async function connectV2Over(
  transport: Transport,
  mode?: "auto" | { pin: string },
): Promise<E2eClient> {
  let changed = () => {};
  const client = new Client(INFO, {
    capabilities: { elicitation: { form: {} } },
    ...(mode !== undefined && { versionNegotiation: { mode } }),
    listChanged: { tools: { autoRefresh: false, onChanged: () => changed() } },
  });
  client.setRequestHandler("elicitation/create", () => ANSWER);
  await client.connect(transport);
  return {
    ...commonParts(client),
    revision: client.getNegotiatedProtocolVersion(),
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, options),
    onToolsChanged: (callback) => void (changed = callback),
    async watch(uri, callback) {
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
        if (params.uri === uri) callback();
      });
      const isModern = client.getNegotiatedProtocolVersion() === REVISION;
      if (isModern) await client.listen({ resourceSubscriptions: [uri] });
      else await client.subscribeResource({ uri });
    },
  };
}

/** What both clients have under the same names. */
function commonParts(
  client: Client | LegacyClient,
): Omit<E2eClient, "revision" | "call" | "onToolsChanged" | "watch"> {
  return {
    serverName: () => client.getServerVersion()?.name,
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    resourceUris: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    templates: async () =>
      (await client.listResourceTemplates()).resourceTemplates.map(
        ({ uriTemplate }) => uriTemplate,
      ),
    read: async (uri) => (await client.readResource({ uri })).contents,
    promptNames: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    prompt: async (name, args) => (await client.getPrompt({ name, arguments: args })).messages,
    complete: async (prompt, argument, value) =>
      (
        await client.complete({
          ref: { type: "ref/prompt", name: prompt },
          argument: { name: argument, value },
        })
      ).completion.values,
    close: () => client.close(),
  };
}
