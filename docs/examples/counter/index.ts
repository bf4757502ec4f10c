import { definePlugin } from "mcp-plugin-server/plugin";

export default function createCounterPlugin() {
  let timer: ReturnType<typeof setInterval> | undefined;
  let seconds = 0;

  return definePlugin({
    name: "counter",
    version: "1.0.0",
    description: "Counts the seconds that it has been running.",
    start: ({ logger, pluginId }) => {
      logger.info("Counting", { pluginId });
      timer = setInterval(() => (seconds += 1), 1_000);
    },
    stop: () => clearInterval(timer),
    tools: {
      seconds: { description: "Tells the seconds since the start.", handler: () => ({ seconds }) },
    },
  });
}
