import type { OAuthFlow, OAuthFlowStore, OAuthGrant, OAuthGrantStore } from "../types/oauth.ts";
import type { SignInSession, SignInStore } from "../types/sign-in.ts";
import type { Owner } from "../types/vault.ts";
import { MAX_UNOPENED_FLOWS } from "./unopened-flows.ts";

/** Reference drivers: what they do is all that OAuth needs. Everything is gone at the end of the process. */

export function createMemoryOAuthFlows(): OAuthFlowStore {
  const flows = new Map<string, OAuthFlow>();
  const good = (flow: OAuthFlow | undefined, now: number) =>
    flow !== undefined && flow.expiresAt > now ? flow : null;
  return {
    async add(flow, now) {
      for (const other of flows.values()) {
        if (good(other, now) === null) flows.delete(other.handleHash);
      }
      flows.set(flow.handleHash, flow);
      const alike = [...flows.values()].filter(
        ({ departure, ...other }) =>
          departure === null &&
          other.instanceId === flow.instanceId &&
          other.owner === flow.owner &&
          other.startedBy === flow.startedBy,
      );
      for (const { handleHash } of alike.slice(0, -MAX_UNOPENED_FLOWS)) flows.delete(handleHash);
    },
    async find(handleHash, now) {
      return good(flows.get(handleHash), now);
    },
    async depart(handleHash, departure) {
      const flow = flows.get(handleHash);
      if (flow === undefined) return false;
      flows.set(handleHash, { ...flow, departure });
      return true;
    },
    async arrive({ stateHash, browserHash, instanceId }, now) {
      const found = [...flows.values()].find(
        (flow) =>
          flow.departure?.stateHash === stateHash &&
          flow.departure.browserHash === browserHash &&
          flow.instanceId === instanceId,
      );
      const flow = good(found, now);
      if (flow !== null) flows.set(flow.handleHash, { ...flow, departure: null });
      return flow;
    },
    async remove(handleHash) {
      flows.delete(handleHash);
    },
  };
}

export function createMemoryOAuthGrants(): OAuthGrantStore {
  const grants = new Map<string, OAuthGrant>();
  const keyOf = (instanceId: string, owner: Owner) => `${instanceId} ${owner}`;
  return {
    find: async (instanceId, owner) => grants.get(keyOf(instanceId, owner)) ?? null,
    list: async (instanceId) =>
      [...grants]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([, grant]) => grant)
        .filter((grant) => instanceId === undefined || grant.instanceId === instanceId),
    async put(grant, expected) {
      const key = keyOf(grant.instanceId, grant.owner);
      if ((grants.get(key)?.rev ?? null) !== expected) return false;
      grants.set(key, { ...grant, rev: (expected ?? 0) + 1 });
      return true;
    },
    remove: async (instanceId, owner) => grants.delete(keyOf(instanceId, owner)),
  };
}

export function createMemorySignIns(): SignInStore {
  const sessions = new Map<string, SignInSession>();
  const good = (session: SignInSession | undefined, now: number) =>
    session !== undefined && session.expiresAt > now ? session : null;
  return {
    async add(session, now) {
      for (const other of sessions.values()) {
        if (good(other, now) === null) sessions.delete(other.idHash);
      }
      sessions.set(session.idHash, session);
    },
    find: async (idHash, now) => good(sessions.get(idHash), now),
    async lastSeen(csrfToken, now) {
      const own = [...sessions.values()].filter((session) => session.csrfToken === csrfToken);
      const times = own.filter((session) => good(session, now)).map(({ seenAt }) => seenAt);
      return times.length === 0 ? null : Math.max(...times);
    },
    async touch(idHash, seenAt) {
      const session = sessions.get(idHash);
      if (session !== undefined) sessions.set(idHash, { ...session, seenAt });
    },
    async replace({ idHash, expiresAt: expected }, next, expiresAt) {
      const session = sessions.get(idHash);
      if (session?.expiresAt !== expected) return false;
      sessions.set(idHash, { ...session, expiresAt });
      sessions.set(next.idHash, next);
      return true;
    },
    async remove(csrfToken) {
      for (const session of sessions.values()) {
        if (session.csrfToken === csrfToken) sessions.delete(session.idHash);
      }
    },
    async removeAll(keyReference) {
      for (const session of sessions.values()) {
        if (session.keyReference === keyReference) sessions.delete(session.idHash);
      }
    },
  };
}
