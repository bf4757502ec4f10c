import { createMemorySessions } from "../../src/index.ts";
import { legacySessionsContract } from "../contract/legacy-sessions.ts";

legacySessionsContract("memory", async (limits) => createMemorySessions(limits));
