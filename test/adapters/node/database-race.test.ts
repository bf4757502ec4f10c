import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../helpers/server-process.ts";

const OPENERS = 4;
const ROUNDS = 5;

/** Opens the databases it is told of, each at the same moment as the others do. */
const CODE = `
  const { parentPort, workerData } = require("node:worker_threads");
  const arrived = new Int32Array(workerData.arrived);
  import(workerData.database).then(({ openSqlite }) => {
    parentPort.on("message", (path) => {
      Atomics.add(arrived, 0, 1);
      while (Atomics.load(arrived, 0) % ${OPENERS} !== 0);
      try {
        openSqlite(path).close();
        parentPort.postMessage("opened");
      } catch (error) {
        parentPort.postMessage(String(error.cause?.cause ?? error.cause ?? error));
      }
    });
  });`;

describe("a database that does not exist yet", () => {
  const folder = temporaryFolder();
  const workerData = {
    arrived: new SharedArrayBuffer(4),
    database: new URL("../../../adapters/node/sqlite.ts", import.meta.url).href,
  };
  const openers = Array.from(
    { length: OPENERS },
    () => new Worker(CODE, { eval: true, workerData, execArgv: [] }),
  );

  afterAll(async () => {
    await Promise.all(openers.map((opener) => opener.terminate()));
    folder.remove();
  });

  it("is made once, however many open it at the same moment", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const path = join(folder.path, `${round}.db`);
      const answers = await Promise.all(
        openers.map(
          (opener) =>
            new Promise((resolve) => {
              opener.once("message", resolve);
              opener.postMessage(path, []);
            }),
        ),
      );
      expect(answers).toEqual(Array(OPENERS).fill("opened"));
    }
  });
});
