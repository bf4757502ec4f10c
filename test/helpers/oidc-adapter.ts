import type { Adapter, AdapterPayload } from "oidc-provider";

/**
 * What an authorization server of a test keeps, in memory.
 *
 * @param honoursPrevious a refresh token that was used stays good until the one that came for it has been used; else it is
 *   good once, and used twice it ends the grant
 */
export function createOidcAdapters(honoursPrevious: boolean): (name: string) => Adapter {
  const all = new Map<string, { payload: AdapterPayload; expiresAt: number }>();
  const used = new Set<string>();
  return (name) => {
    const keyOf = (id: string): string => `${name}:${id}`;
    const read = (key: string): AdapterPayload | undefined => {
      const entry = all.get(key);
      return entry !== undefined && entry.expiresAt > Date.now() ? entry.payload : undefined;
    };
    const findBy = async (field: "uid" | "userCode", value: string) =>
      [...all.keys()]
        .filter((key) => key.startsWith(`${name}:`))
        .map(read)
        .find((payload) => payload?.[field] === value);
    const markConsumed = (key: string): void => {
      const payload = read(key);
      if (payload !== undefined) payload["consumed"] = Math.floor(Date.now() / 1000);
    };
    return {
      async upsert(id, payload, expiresIn = 86_400) {
        all.set(keyOf(id), { payload, expiresAt: Date.now() + expiresIn * 1000 });
      },
      find: async (id) => read(keyOf(id)),
      findByUid: (uid) => findBy("uid", uid),
      findByUserCode: (code) => findBy("userCode", code),
      async consume(id) {
        const key = keyOf(id);
        if (name !== "RefreshToken" || !honoursPrevious) return markConsumed(key);
        const grantId = read(key)?.grantId;
        for (const earlier of used) {
          if (earlier !== key && read(earlier)?.grantId === grantId) markConsumed(earlier);
        }
        used.add(key);
      },
      async destroy(id) {
        all.delete(keyOf(id));
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of all) if (payload.grantId === grantId) all.delete(key);
      },
    };
  };
}
