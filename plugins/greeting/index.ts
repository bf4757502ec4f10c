import type { MCPPlugin } from "mcp-plugin-server/plugin";

/** The smallest plugin: a plain object that needs no helper, no schema library and no key. */
const greeting = {
  name: "greeting",
  version: "1.0.0",
  description: "Greets people by name.",
  configSchema: {
    type: "object",
    properties: {
      word: { type: "string", minLength: 1, default: "Hello", description: "What comes first." },
    },
    additionalProperties: false,
  },
  word: "",

  async initialize(context) {
    this.word = context.config.word;
  },
  getTools: () => [
    {
      name: "greet",
      description: "Greets a person.",
      inputSchema: {
        type: "object",
        properties: { name: { type: "string", minLength: 1, description: "Whom to greet." } },
        required: ["name"],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
  ],
  getResources: () => [],
  async executeTool(_name, { name }: { name: string }) {
    return `${this.word}, ${name}!`;
  },
  async cleanup() {},
} satisfies MCPPlugin & { word: string };

export default greeting;
