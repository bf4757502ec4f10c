/**
 * What an adapter imports on a plugin's side: in a thread, a process or a sandbox that runs one plugin and starts for
 * each anew. It brings in nothing of the server's, so that it starts fast.
 */
export { createPluginGuest } from "./host/plugin-guest.ts";
