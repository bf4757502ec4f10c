/** `engines.node` of package.json; a test keeps the two, and `scripts/with-node.mjs`, equal. */
export const MINIMUM_NODE = [22, 19] as const;

/** Why this version of Node cannot run the server, with the way out, or `null`. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [minMajor, minMinor] = MINIMUM_NODE;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return null;
  return `needs Node ${MINIMUM_NODE.join(".")} or newer, and this is ${version}. Install a newer one, as from https://nodejs.org.`;
}
