/** Where Node 22's own fetch finds what connects for it: by a proxy of the environment, if Node was told so. */
const GLOBAL_DISPATCHER = Symbol.for("undici.globalDispatcher.1");

// The package puts its own there when it is imported, and so would change the fetch of everybody in the process.
const before: unknown = Reflect.get(globalThis, GLOBAL_DISPATCHER);
const undici = await import("undici");
Reflect.set(globalThis, GLOBAL_DISPATCHER, before);

export const { Agent, buildConnector, fetch, Pool } = undici;
