import { FAULT_ACTOR } from "../node-place.ts";
import { openTokenPlace } from "../token-place.ts";
import { say, stayAlive } from "./say.ts";

// Asks for a token so many times at once, at one moment, and says which it got:
//   <folder> <issuer> <callers> <epoch milliseconds>
const [folder = "", issuer = "", callers = "", at = ""] = process.argv.slice(2);

const release = stayAlive();
const { tokens, account, close } = await openTokenPlace(folder, issuer);
say({ ready: true });
await new Promise((resolve) => setTimeout(resolve, Number(at) - Date.now()));
const asking = Array.from({ length: Number(callers) }, () => tokens.token(account, FAULT_ACTOR));
for (const { accessToken } of await Promise.all(asking)) say({ got: accessToken });
await close();
release();
