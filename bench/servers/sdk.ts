import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { announce } from "./child.ts";

/** The SDK as its own guide has it: one tool, node:http, no keys. */
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "sdk", version: "1.0.0" });
  server.registerTool(
    "echo",
    {
      description: "Answers the text it is given.",
      inputSchema: z.strictObject({ text: z.string().max(1000) }),
    },
    async ({ text }) => ({ content: [{ type: "text", text }] }),
  );
  return server;
});
// The SDK's type of a request has no room for `exactOptionalPropertyTypes`.
const http = createServer(toNodeHandler(handler) as RequestListener);
http.listen(0, "127.0.0.1", () => {
  announce({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` });
});
