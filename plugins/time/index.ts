import { definePlugin } from "mcp-plugin-server/plugin";

export default definePlugin({
  name: "time",
  version: "1.0.0",
  description: "Time zones, conversions and durations.",
  tools: {},
});
