import type { Time } from "../types/runtime.ts";
import type { PluginMessage } from "./host-messages.ts";
import { createTokenBucket } from "./token-bucket.ts";

/** What a plugin may tell of its own accord. Each call that it serves is a reason for more. */
const MESSAGES = { burst: 5_000, perSecond: 1_000, perGift: 100 };
const CHARS = { burst: 8 * 1024 * 1024, perSecond: 1024 * 1024, perGift: 64 * 1024 };
/** How many beyond that are left out, before it counts as a fault. */
const DROPS = { burst: 5_000, perSecond: 1_000, perGift: 0 };
/** How often it is told that messages were left out, in milliseconds. */
const NOTICE_EVERY_MS = 1_000;

export interface Outbox {
  /** Sends what the server waits for; always. */
  send(message: PluginMessage): void;
  /** The same with a message whose text has been made. */
  sendText(text: string): void;
  /** Sends what the plugin tells of its own accord, unless it has told too much. */
  tell(message: PluginMessage): void;
  /** The same for reports, of which a plugin may make any number: what is too much is left out, and is no fault. */
  report(message: PluginMessage): void;
  /** The plugin has been called, and has a right to speak. */
  give(): void;
}

/**
 * Sends the plugin's messages, and keeps a plugin that talks without end from filling the server's memory: what is
 * beyond its measure is left out here, on its own side, and when that goes on, the server is told to end it.
 */
export function createOutbox(post: (text: string) => void, { now }: Pick<Time, "now">): Outbox {
  const messages = createTokenBucket(MESSAGES, now);
  const chars = createTokenBucket(CHARS, now);
  const drops = createTokenBucket(DROPS, now);
  let dropped = 0;
  let noticedAt = -Infinity;
  let isFlooded = false;

  const send = (message: PluginMessage) => post(JSON.stringify(message));
  const fits = (message: PluginMessage): boolean => {
    if (isFlooded || !messages.take(1)) return false;
    const text = JSON.stringify(message);
    if (!chars.take(text.length)) return false;
    post(text);
    return true;
  };
  const noticeDrops = () => {
    if (dropped === 0 || now() - noticedAt < NOTICE_EVERY_MS) return;
    noticedAt = now();
    const fields = { dropped };
    dropped = 0;
    send({ type: "log", level: "warn", message: "Messages of the plugin were left out", fields });
  };
  return {
    send,
    sendText: post,
    tell(message) {
      if (fits(message)) return noticeDrops();
      dropped++;
      if (isFlooded || drops.take(1)) return;
      isFlooded = true;
      send({ type: "fatal", cause: "flood" });
    },
    report: (message) => void fits(message),
    give() {
      messages.give();
      chars.give();
    },
  };
}
