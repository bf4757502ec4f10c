/** What a measured server tells the bench: where it listens, and its CPU time when asked. */
export interface ServerInfo {
  readonly url: string;
  readonly key?: string;
}

export function announce(info: ServerInfo): void {
  process.on("message", (message) => {
    if (message === "cpu") process.send?.({ cpu: process.cpuUsage() });
    if (message === "stop") process.exit(0);
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.(info);
}
