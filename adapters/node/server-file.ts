import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { replaceFile } from "./key-file.ts";

const NAME = "server.json";

const schema = z.object({
  pid: z.number().int().positive(),
  url: z.url({ protocol: /^https?$/ }),
  certFile: z.string().nullable(),
  /** 32 random bytes of this start alone, in base64url: by them commands know that it is the server who answers. */
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** How commands on this machine find the server that runs on a data folder. */
export type ServerFile = z.infer<typeof schema>;

/** Says in the data folder where this process serves it. Answers how to take that back. */
export function writeServerFile(
  dataDir: string,
  { pid, url, certFile, secret }: ServerFile,
): () => void {
  const path = join(dataDir, NAME);
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify({ pid, url, certFile, secret })}\n`, { mode: 0o600 });
  replaceFile(draft, path);
  return () => {
    const current = readServerFile(dataDir);
    // Another server may have taken the folder over meanwhile.
    if (current?.secret === secret) rmSync(path, { force: true });
  };
}

/** What the data folder says of a server, which may be gone; `null` when it says nothing that can be read. */
export function readServerFile(dataDir: string): ServerFile | null {
  try {
    return schema.parse(JSON.parse(readFileSync(join(dataDir, NAME), "utf8")));
  } catch {
    return null;
  }
}
