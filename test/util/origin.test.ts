import { expect, it } from "vitest";
import { parseOrigin } from "../../src/util/origin.ts";

it.each([
  ["https://mcp.example.org", "https://mcp.example.org"],
  ["https://mcp.example.org/", "https://mcp.example.org"],
  ["http://127.0.0.1:3000", "http://127.0.0.1:3000"],
  ["HTTPS://MCP.example.org:443", "https://mcp.example.org"],
])("reads the origin %s", (text, origin) => {
  expect(parseOrigin(text)?.origin).toBe(origin);
});

it.each([
  "",
  "mcp.example.org",
  "null",
  "ftp://mcp.example.org",
  "https://mcp.example.org/path",
  "https://mcp.example.org/?query",
  "https://mcp.example.org/#hash",
  "https://user@mcp.example.org",
  "https://user:password@mcp.example.org",
])("takes %j for no origin", (text) => {
  expect(parseOrigin(text)).toBeNull();
});
