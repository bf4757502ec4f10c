/** A plugin with as many equal tools as BENCH_TOOLS says, each of which answers its text. */
const count = Number(process.env["BENCH_TOOLS"] ?? "1");

const tools = Array.from({ length: count }, (_, index) => ({
  name: index === 0 ? "echo" : `echo-${index}`,
  description: "Answers the text it is given.",
  inputSchema: {
    type: "object",
    properties: { text: { type: "string", maxLength: 1000 } },
    required: ["text"],
    additionalProperties: false,
  },
}));

export default {
  name: "echo",
  version: "1.0.0",
  description: "For measurements.",
  async initialize() {},
  getTools: () => tools,
  getResources: () => [],
  executeTool: async (_name: string, args: { text: string }) => args.text,
  async cleanup() {},
};
