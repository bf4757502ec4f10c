import { setTimeout as pause } from "node:timers/promises";
import { openTokenPlace } from "../token-place.ts";
import { say, stayAlive } from "./say.ts";

// Renews a token, and says so when the provider's answer has come, before anything is done with it:
//   <folder> <issuer>
const [folder = "", issuer = ""] = process.argv.slice(2);

stayAlive();
const { tokens, account } = await openTokenPlace(folder, issuer, {
  outbound: (outbound) => ({
    async fetch(request) {
      const answer = await outbound.fetch(request);
      if (request.method === "POST") {
        say({ answered: true });
        // Whoever hears that may kill this process before it is saved, while that is done, or after.
        await pause(2);
      }
      return answer;
    },
  }),
});
await tokens.refresh(account);
say({ saved: true });
