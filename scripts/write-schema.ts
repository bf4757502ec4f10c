/**
 * Writes `config/plugins.schema.json`, with which editors complete and check `config/plugins.json`. Run it when
 * `pluginsFileSchema` changes; a test compares the two.
 */
import { writeFileSync } from "node:fs";
import { pluginsFileJsonSchema } from "../src/config.ts";

const target = new URL("../config/plugins.schema.json", import.meta.url);
writeFileSync(target, `${JSON.stringify(pluginsFileJsonSchema(), null, 2)}\n`);
