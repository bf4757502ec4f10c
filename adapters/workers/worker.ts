/** The Worker that `wrangler deploy` puts online. Import a plugin and give it an id to add one. */
import greeting from "../../plugins/greeting/index.ts";
import time from "../../plugins/time/index.ts";
import { createWorker } from "./index.ts";

export default createWorker({ plugins: { greeting, time } });
