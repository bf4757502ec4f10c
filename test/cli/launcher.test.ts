import { expect, it } from "vitest";
import { ROOT, startProcess, temporaryFolder, withFixture } from "../helpers/server-process.ts";

it("ends the server when the npm that started it was told to end", async () => {
  const folder = temporaryFolder();
  const npm = startProcess(
    ["--json"],
    {
      cwd: folder.path,
      env: { ...withFixture(folder.path), MCP_DATA_DIR: `${folder.path}/data` },
    },
    ["npm", "start", "--silent", "--prefix", ROOT, "--"],
  );
  const { pid } = await npm.banner();
  npm.child.kill("SIGTERM");
  // The pipes close when the last process that holds them has gone, and that is the server.
  await npm.exited;
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  folder.remove();
});
