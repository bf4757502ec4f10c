import { appendFileSync } from "node:fs";
import { join } from "node:path";

/** What `test/faults/canary.test.ts` sets for a run of all tests, and whoever runs tests by hand leaves out. */
export const CANARY_VARIABLES = { canary: "TEST_CANARY", outputs: "TEST_OUTPUTS" } as const;

/** More than the longest form of a canary. */
const OVERLAP = 200;

/** Stands in secrets of tests: letters and digits alone, so that it fits wherever a secret does. */
export const CANARY = process.env[CANARY_VARIABLES.canary] ?? "cNr7Q2xV9kLw4Tz8Rb3Hn6Jd";

const outputs = process.env[CANARY_VARIABLES.outputs];

/** Whether what the server puts out is collected and searched, by a run of all tests. */
export const IS_SWEEP = outputs !== undefined;

/** A secret that is looked for in everything that comes out of the server. */
export function canary(label: string): string {
  return `${label}${CANARY}`;
}

/** What to look at: logs, answers, what processes print. */
export type OutputKind = "log" | "answer" | "process" | "command";

/** Keeps what the server has put out, for the search. Does nothing outside of such a run. */
export function noteOutput(kind: OutputKind, text: string): void {
  if (outputs === undefined) return;
  appendFileSync(join(outputs, `${kind}-${process.pid}.txt`), `${text}\n`);
}

/** The same answer, of which the body is kept for the search as it is read. */
export function noteAnswer(response: Response): Response {
  if (!IS_SWEEP) return response;
  const headers = JSON.stringify([...response.headers]);
  noteOutput("answer", `${response.status} ${headers}`);
  if (response.body === null) return response;
  const decoder = new TextDecoder();
  let before = "";
  const observed = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>(
      {
        transform(chunk, controller) {
          const text = decoder.decode(chunk, { stream: true });
          controller.enqueue(chunk);
          // What comes in two parts must be found, too.
          noteOutput("answer", before + text);
          before = (before + text).slice(-OVERLAP);
        },
      },
      undefined,
      { highWaterMark: 0 },
    ),
  );
  return new Response(observed, response);
}
