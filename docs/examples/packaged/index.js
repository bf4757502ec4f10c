import { definePlugin, z } from "mcp-plugin-server/plugin";

export default definePlugin({
  name: "hello",
  version: "1.0.0",
  description: "Says hello.",
  tools: {
    hello: {
      description: "Says hello to somebody.",
      input: z.strictObject({ name: z.string().min(1) }),
      handler: ({ name }, { config }) => `${config.word}, ${name}!`,
    },
  },
});
