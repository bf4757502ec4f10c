import { describe } from "vitest";
import { callContract } from "./plugin-host/call.ts";
import { catalogContract } from "./plugin-host/catalog.ts";
import { faultContract } from "./plugin-host/fault.ts";
import { fetchContract } from "./plugin-host/fetch.ts";
import { createHarness, type ContractHost } from "./plugin-host/harness.ts";
import { lifeContract } from "./plugin-host/life.ts";
import { loadContract } from "./plugin-host/load.ts";
import { servicesContract } from "./plugin-host/services.ts";

/**
 * What every driver of the `PluginHost` port does, whatever lies between it and the plugin. Values are compared as
 * JSON, which is all that a driver promises to carry.
 */
export function pluginHostContract(driver: string, openHost: () => Promise<ContractHost>): void {
  describe(`plugin host contract: ${driver}`, () => {
    const harness = createHarness(openHost);
    loadContract(harness);
    lifeContract(harness);
    catalogContract(harness);
    callContract(harness);
    faultContract(harness);
    servicesContract(harness);
    fetchContract(harness);
  });
}
