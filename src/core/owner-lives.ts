import type { HostedPlugin } from "../types/host.ts";
import type { OwnerLife } from "./owner-object.ts";
import { OwnerObjects, type OwnerObjectsDeps } from "./owner-objects.ts";
import type { PluginInstanceDeps } from "./plugin-instance-deps.ts";

/** As `PluginInstance` is: a life that can be told that its plugin is gone. */
type Life = OwnerLife & { fail(plugin: HostedPlugin, reason: string): Promise<boolean> };

/**
 * The objects of an instance's users: each is a life like the instance's own, with other credentials and without a say about
 * what the instance offers.
 */
export function createOwnerObjects(
  instanceId: string,
  deps: PluginInstanceDeps,
  findMissing: OwnerObjectsDeps["findMissing"],
  createLife: (deps: PluginInstanceDeps) => Life,
): OwnerObjects {
  const { ownerLimits, createScrubber, time, logger } = deps;
  return new OwnerObjects({
    instanceId,
    limits: ownerLimits,
    findMissing,
    createScrubber,
    time,
    logger,
    create(owner, handedOut, onEnded) {
      const life: Life = createLife({
        ...deps,
        owner,
        logger: logger.with({ owner }),
        createScrubber: () => handedOut,
        onCatalogChanged: () => {},
        onEnded: (plugin, reason) => onEnded(async () => void (await life.fail(plugin, reason))),
      });
      return life;
    },
  });
}
