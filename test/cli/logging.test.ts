import { afterEach, describe, expect, it } from "vitest";
import {
  configureLogging,
  createLogger,
  flushLogging,
  type LoggingOptions,
} from "../../adapters/node/logging.ts";
import { createScrubber, type LogLine } from "../../src/index.ts";

afterEach(() => flushLogging());

async function logged(
  format: "json" | "pretty",
  use: (logger: ReturnType<typeof createLogger>) => void,
  scrub?: LoggingOptions["scrub"],
): Promise<string> {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  await configureLogging(format, "info", { write, ...(scrub && { scrub }) });
  use(createLogger());
  return written.join("");
}

describe("the log", () => {
  it("is a line of JSON an entry, with its fields", async () => {
    const text = await logged("json", (logger) =>
      logger.with({ plugin: "time" }).warn("Late", { requestId: "r-1" }),
    );
    expect(text.endsWith("\n")).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      level: "WARN",
      message: "Late",
      plugin: "time",
      requestId: "r-1",
    });
  });

  it("leaves out what is below its level", async () => {
    expect(await logged("json", (logger) => logger.debug("Detail"))).toBe("");
  });

  it("takes braces in a message literally", async () => {
    const text = await logged("json", (logger) =>
      logger.info("{requestId} and {{x}}", { requestId: "r-1" }),
    );
    expect(JSON.parse(text)).toMatchObject({ message: "{requestId} and {{x}}" });
  });

  it("takes whatever a plugin hands it, and loses no entry", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const unreadable = {
      get field(): string {
        throw new Error("unreadable");
      },
    };
    const text = await logged("json", (logger) => {
      const loose = logger as unknown as Record<"info" | "error", (...args: unknown[]) => void>;
      loose.error(new Error("as a message"));
      loose.info();
      loose.info("text for fields", "text");
      loose.info("an error for fields", new Error("cause"));
      loose.info("a cycle", cycle);
      loose.info("a getter", unreadable);
    });
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { message: string });
    expect(lines.map(({ message }) => message.split("\n")[0])).toEqual([
      "Error: as a message",
      "undefined",
      "text for fields",
      "an error for fields",
      "a cycle",
      "a getter",
    ]);
  });

  it("lets no field take the place of the line's own, nor of what was bound", async () => {
    const text = await logged("json", (logger) =>
      logger.with({ plugin: "mine" }).info("Said", {
        plugin: "other",
        message: "forged",
        level: "ERROR",
        logger: "x",
        "@timestamp": "never",
      }),
    );
    expect(JSON.parse(text)).toMatchObject({
      level: "INFO",
      message: "Said",
      plugin: "mine",
      message_: "forged",
    });
  });

  it("stays one entry when a message holds a line break or a terminal's commands", async () => {
    const text = await logged("pretty", (logger) => logger.info("one\nfake entry\u001b[2J"));
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    expect(text).not.toContain("\u001b[2J");
  });

  it.each(["json", "pretty"] as const)("holds no key and no bearer token (%s)", async (format) => {
    const key = `mcpk_${"a-_4".repeat(11).slice(0, 43)}`;
    const token = `mcpa_${"Zz09".repeat(11).slice(0, 43)}`;
    const text = await logged(format, (logger) =>
      logger.error(`Refused ${key}`, {
        header: "Bearer abcdef.ghijkl-mnopqr==",
        nested: { list: [token] },
      }),
    );
    expect(text).toContain("Refused [redacted]");
    expect(text).toContain("Bearer [redacted]");
    for (const secret of [key, token, "ghijkl"]) expect(text).not.toContain(secret);
  });

  it.each(["json", "pretty"] as const)(
    "holds no known secret, whoever logs it (%s)",
    async (format) => {
      const scrubber = createScrubber();
      const secrets = ['a "quoted" secret', "line one of it\nline two of it", "plain-secret-1"];
      for (const secret of secrets) scrubber.learn(Buffer.from(secret));
      const text = await logged(
        format,
        (logger) => {
          logger.error(`Refused ${secrets.join(", ")}`, {
            "plain-secret-1": secrets,
            nested: {
              error: JSON.stringify({ secrets }),
              hex: Buffer.from(secrets[2]!).toString("hex"),
            },
            authorization: "Bearer plain-secret-1",
          });
          logger.info("An error", new Error(`with ${secrets[2]}`) as never);
        },
        (line) => scrubber.scrub(line),
      );
      expect(text).toContain("Refused [redacted], [redacted], [redacted]");
      expect(text).toContain("Bearer [redacted]");
      for (const trace of ["quoted", "line one", "line two", "plain-secret", "706c61696e"]) {
        expect(text).not.toContain(trace);
      }
    },
  );

  it("knows a secret as a whole, though a part of it looks like a token", async () => {
    const scrubber = createScrubber();
    scrubber.learn(Buffer.from("eyJhbGciOiJub25lIn0 and more"));
    const text = await logged(
      "json",
      (logger) => logger.info("Bearer eyJhbGciOiJub25lIn0 and more"),
      (line) => scrubber.scrub(line),
    );
    expect(JSON.parse(text)).toMatchObject({ message: "Bearer [redacted]" });
  });
});

describe("a tap of the log", () => {
  it.each(["json", "pretty"] as const)(
    "hears of each line as JSON, free of secrets, where stderr has it %s",
    async (format) => {
      const scrubber = createScrubber();
      scrubber.learn(Buffer.from("known-secret-of-a-plugin"));
      const lines: LogLine[] = [];
      const written: string[] = [];
      await configureLogging(format, "info", {
        scrub: (text) => scrubber.scrub(text),
        write: (text) => void written.push(text),
        tap: { take: (line) => void lines.push(line) },
      });
      const logger = createLogger().with({ plugin: "time" });
      logger.debug("Too much");
      logger.info("It is known-secret-of-a-plugin", { of: "Bearer abcdefghijkl" });
      logger.warn("Late");
      logger.error("Gone", { secret: "known-secret-of-a-plugin" });
      expect(written).toHaveLength(3);
      expect(lines.map(({ level }) => level)).toEqual(["info", "warning", "error"]);
      expect(lines.map(({ text }) => JSON.parse(text) as unknown)).toMatchObject([
        { level: "INFO", message: "It is [redacted]", of: "Bearer [redacted]", plugin: "time" },
        { level: "WARN", message: "Late", plugin: "time" },
        { level: "ERROR", message: "Gone", secret: "[redacted]" },
      ]);
    },
  );
});

it("the log lets through what is of the level that was set last", async () => {
  const written: string[] = [];
  const { setLevel } = await configureLogging("json", "warning", {
    write: (text) => void written.push((JSON.parse(text) as { message: string }).message),
  });
  const logger = createLogger().with({ plugin: "time" });
  logger.info("one");
  logger.warn("two");
  setLevel("debug");
  logger.debug("three");
  setLevel("error");
  logger.warn("four");
  logger.error("five");
  expect(written).toEqual(["two", "three", "five"]);
});
