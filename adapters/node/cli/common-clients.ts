/** The clients that the first run shows; `connect` knows every client of the registry. */
export const COMMON_CLIENTS = [
  "claude-code",
  "claude-desktop",
  "vscode",
  "cursor",
  "codex",
] as const;
