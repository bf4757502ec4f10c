import type { MasterKeyProvider, Time } from "../../src/index.ts";
import type { VaultPlace } from "./vault.ts";

/** What happens at the chosen operation. */
export type FaultKind =
  /** The process dies before it. */
  | "dies-before"
  /** The process dies after it, before it hears that it was done. */
  | "dies-after"
  /** It fails without effect; everything after it works. */
  | "fails"
  /** It is done, and is said to have failed; everything after it works. */
  | "answer-lost";

export const FAULT_KINDS = ["dies-before", "dies-after", "fails", "answer-lost"] as const;

export interface ArmedPlace extends VaultPlace {
  /** From now on operations are counted, over store, driver and master keys together. */
  readonly arm: () => void;
  /** Whether the chosen operation was reached. */
  readonly fired: () => boolean;
}

/** The place, where the `at`-th operation goes wrong. */
export function withFault(place: VaultPlace, at: number, kind: FaultKind): ArmedPlace {
  const dies = kind.startsWith("dies");
  return counting(
    place,
    async (count, work) => {
      if (count === at) {
        if (kind === "dies-after" || kind === "answer-lost") await work();
        throw new Error(`fault at operation ${at}`);
      }
      if (count > at && dies) throw new Error("this process is dead");
      return work();
    },
    at,
  );
}

/** The place, where something happens just before the `at`-th operation, which waits for it. */
export function withMoment(place: VaultPlace, at: number, happens: () => unknown): ArmedPlace {
  return counting(
    place,
    async (count, work) => {
      if (count === at) await happens();
      return work();
    },
    at,
  );
}

function counting(
  { store, driver, masterKeys }: VaultPlace,
  onOperation: <R>(count: number, work: () => Promise<R>) => Promise<R>,
  at: number,
): ArmedPlace {
  let isArmed = false;
  let count = 0;
  const hit: Hit = (work) => (isArmed ? onOperation(++count, work) : work());
  return {
    store: wrap(store, hit),
    driver: wrap(driver, hit),
    masterKeys: wrap(masterKeys, hit),
    arm: () => (isArmed = true),
    fired: () => count >= at,
  };
}

type Hit = <R>(work: () => Promise<R>) => Promise<R>;

/** Every method of it, and of what it has by the name `rotation`, goes through `hit`. */
function wrap<T extends object>(target: T, hit: Hit): T {
  return new Proxy(target, {
    get(of, name, receiver) {
      const member: unknown = Reflect.get(of, name, receiver);
      if (name === ("rotation" satisfies keyof MasterKeyProvider)) {
        return wrap(member as object, hit);
      }
      if (typeof member !== "function" || name === "close") return member;
      return (...args: unknown[]) => hit(async () => Reflect.apply(member, of, args) as unknown);
    },
  });
}

/**
 * A clock that leaps when somebody waits for a moment, so that nobody waits long for a dead process; what is to be done
 * later than that is never done.
 */
export function createImpatientTime(start = 1_700_000_000_000): Time {
  let now = start;
  return {
    now: () => now,
    elapsed: () => now - start,
    after(ms, task) {
      if (ms > 100) return () => undefined;
      now += 1_000;
      const immediate = setImmediate(task);
      return () => clearImmediate(immediate);
    },
  };
}

/** The clock of a process whose timers do not run, and that finds out at `thaw` how long it was frozen. */
export function createFrozenTime(): Time & { readonly thaw: () => void } {
  let elapsed = 0;
  return {
    now: () => 1_700_000_000_000,
    elapsed: () => elapsed,
    after: () => () => undefined,
    thaw: () => (elapsed += 10_000),
  };
}
