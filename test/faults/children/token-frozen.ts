import { existsSync } from "node:fs";
import { AppError } from "../../../src/index.ts";
import type { FrozenMoment } from "../frozen-moments.ts";
import { FAULT_ACTOR } from "../node-place.ts";
import { openTokenPlace } from "../token-place.ts";
import { say, stayAlive } from "./say.ts";

// Renews a token, stands still at a moment of that until a file is there, and says what came of it and what it has then:
//   <folder> <issuer> <moment> <file>
const [folder = "", issuer = "", moment = "", file = ""] = process.argv.slice(2);

let isReached = false;

/** Without letting anything else of this process run: what comes next is the next instruction, however long that takes. */
function stand(at: FrozenMoment): void {
  if (at !== moment || isReached) return;
  isReached = true;
  say({ ready: true });
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(file)) Atomics.wait(nothing, 0, 0, 1);
}

async function tell(what: string, work: Promise<{ readonly accessToken: string }>): Promise<void> {
  try {
    say({ got: (await work).accessToken });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    say({ failed: what, code: error.code, message: error.message });
  }
}

const release = stayAlive();
const { tokens, account, close } = await openTokenPlace(folder, issuer, {
  outbound: (outbound) => ({
    async fetch(request) {
      const answer = await outbound.fetch(request);
      if (request.method === "POST") stand("before its last look at the lease");
      return answer;
    },
  }),
  vault: (vault) => ({
    ...vault,
    reserved(owner, actor) {
      const own = vault.reserved(owner, actor);
      const store = own.storeCredentialBytes.bind(own);
      own.storeCredentialBytes = async (...args) => {
        stand("between its last look at the lease and the vault");
        return store(...args);
      };
      return own;
    },
  }),
  store: (store) => ({
    ...store,
    commit(change) {
      stand("within the vault, before the commit");
      return store.commit(change);
    },
  }),
  grants: (grants) => ({
    ...grants,
    async put(grant, expected) {
      const isSaved = grant.intent === null;
      if (isSaved) stand("between the commit and the note that it was saved");
      const isPut = await grants.put(grant, expected);
      if (!isSaved) stand("between the note that it renews and the request");
      return isPut;
    },
  }),
});
await tell("refresh", tokens.refresh(account));
await tell("token", tokens.token(account, FAULT_ACTOR));
await close();
release();
