import { definePlugin, z } from "mcp-plugin-server/plugin";

export default definePlugin({
  name: "units",
  version: "1.0.0",
  description: "Converts units.",
  tools: {
    to_celsius: {
      description: "Converts degrees Fahrenheit to degrees Celsius.",
      input: z.strictObject({ fahrenheit: z.number().min(-459.67) }),
      output: z.object({ celsius: z.number() }),
      annotations: { readOnlyHint: true, openWorldHint: false },
      handler: ({ fahrenheit }) => ({ celsius: ((fahrenheit - 32) * 5) / 9 }),
    },
  },
});
