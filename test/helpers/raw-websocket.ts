import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { CLIENT_KEY } from "./test-app.ts";

export const TEXT = 0x1;
export const BINARY = 0x2;
export const CONTINUATION = 0x0;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

export interface FrameParts {
  readonly opcode?: number;
  readonly payload?: Uint8Array | string;
  readonly fin?: boolean;
  /** The three bits that mean nothing without an extension, such as 0x40 for compression. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** What the head says of the length, whatever follows. */
  readonly length?: bigint;
}

/** A frame as a client sends it, with whatever is to be wrong about it. */
export function frame({
  opcode = TEXT,
  payload = "",
  fin = true,
  reserved = 0,
  masked = true,
  length,
}: FrameParts = {}): Buffer {
  const body = Buffer.from(payload);
  const said = length ?? BigInt(body.length);
  const first = (fin ? 0x80 : 0) | reserved | opcode;
  const mark = masked ? 0x80 : 0;
  let head: Buffer;
  if (length === undefined && body.length < 126) head = Buffer.from([first, mark | body.length]);
  else if (length === undefined && body.length < 0x10000) {
    head = Buffer.from([first, mark | 126, body.length >> 8, body.length & 0xff]);
  } else {
    head = Buffer.alloc(10);
    head.set([first, mark | 127]);
    head.writeBigUInt64BE(said, 2);
  }
  if (!masked) return Buffer.concat([head, body]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ mask[at % 4]!)]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

/** The head of a good handshake, unless headers are added or others take the place of its own. */
export function handshake(port: number, headers: Readonly<Record<string, string | null>> = {}) {
  const all = {
    Host: `localhost:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    Authorization: `Bearer ${CLIENT_KEY}`,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  );
  return `GET /mcp HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

export interface RawSocket {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** The status of each HTTP response that has come, and whatever has come in all. */
  statuses(): number[];
  bytes(): Buffer;
  /** Resolves with the code of the server's close frame as soon as it is there, or `null` when the connection ended without one. */
  readonly closeCode: Promise<number | null>;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  until(holds: () => boolean): Promise<void>;
  /** Reads about so many bytes more, and then no further. */
  readOn(bytes: number): Promise<void>;
}

/** A connection of which a test sends and sees every byte. It answers nothing by itself. */
export function openRaw(port: number): RawSocket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let chunks: Buffer[] = [];
  // Put together when somebody looks: floods are answered in thousands of chunks.
  const received = () => {
    const all = Buffer.concat(chunks);
    chunks = [all];
    return all;
  };
  const checks = new Set<() => void>();
  const check = () => {
    for (const each of checks) each();
  };
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    check();
  });
  const ended = new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", resolve);
    // What has come counts: a server may reset what it refuses.
    socket.once("error", () => resolve());
  });
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!holds()) return;
        checks.delete(look);
        resolve();
      };
      checks.add(look);
      look();
      void ended.then(() => {
        look();
        reject(new Error(`The connection ended. It had brought: ${received().toString("latin1")}`));
      });
    });
  return {
    socket,
    ended,
    until,
    bytes: received,
    write: (bytes) => void socket.write(bytes),
    statuses: () =>
      [
        ...received()
          .toString("latin1")
          .matchAll(/HTTP\/1\.1 (\d{3}) /g),
      ].map(([, status]) => Number(status)),
    async readOn(bytes) {
      const before = socket.bytesRead;
      socket.resume();
      await until(() => socket.bytesRead >= before + bytes);
      socket.pause();
    },
    // Lazy: looking at every chunk costs, and most tests do not ask.
    get closeCode() {
      return until(() => closeCodeIn(received()) !== null).then(
        () => closeCodeIn(received()),
        () => null,
      );
    },
  };
}

/** The code of the close frame among the frames behind the response's head, when it is there in full. */
function closeCodeIn(bytes: Buffer): number | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  let at = headEnd + 4;
  while (at + 2 <= bytes.length) {
    const opcode = bytes[at]! & 0x0f;
    let length = bytes[at + 1]!;
    let head = 2;
    if (length === 126) {
      if (bytes.length < at + 4) return null;
      length = bytes.readUInt16BE(at + 2);
      head = 4;
    } else if (length === 127) {
      if (bytes.length < at + 10) return null;
      length = Number(bytes.readBigUInt64BE(at + 2));
      head = 10;
    }
    if (opcode === CLOSE) {
      if (bytes.length < at + head + length) return null;
      return length >= 2 ? bytes.readUInt16BE(at + head) : 1005;
    }
    at += head + length;
  }
  return null;
}
