import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createScrubber } from "../../src/core/scrubber.ts";
import { utf8 } from "../../src/util/bytes.ts";

function knowing(...secrets: readonly (string | Uint8Array)[]) {
  const scrubber = createScrubber();
  for (const secret of secrets) scrubber.learn(typeof secret === "string" ? utf8(secret) : secret);
  return scrubber;
}

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64");
const base64url = (text: string | Uint8Array) => Buffer.from(text).toString("base64url");
const hex = (text: string | Uint8Array) => Buffer.from(text).toString("hex");
const json = (text: string) => JSON.stringify(text).slice(1, -1);
const formEncoded = (text: string) => new URLSearchParams({ a: text }).toString().slice(2);

const AWKWARD = 'ä "quoted"\\ \n\t/+=&?%~!\'() 𝄞 ?>?>~~~ end';

describe("the forms of a secret that are taken out", () => {
  it.each([
    ["itself", AWKWARD, AWKWARD],
    ["in JSON", AWKWARD, json(AWKWARD)],
    ["in JSON within JSON", AWKWARD, json(json(AWKWARD))],
    ["percent-encoded", AWKWARD, encodeURIComponent(AWKWARD)],
    ["percent-encoded in lower case", AWKWARD, encodeURIComponent(AWKWARD).toLowerCase()],
    ["as a form has it", AWKWARD, formEncoded(AWKWARD)],
    ["as a form has it, in lower case", AWKWARD, formEncoded(AWKWARD).toLowerCase()],
    ["in hex", AWKWARD, hex(AWKWARD)],
    ["in hex of capitals", AWKWARD, hex(AWKWARD).toUpperCase()],
    ["in UTF-8 that was read as Latin-1", AWKWARD, Buffer.from(AWKWARD).toString("latin1")],
    ["in other case", "sk-Token-0123", "SK-TOKEN-0123"],
    ["at eight bytes", "8 bytes!", "8 bytes!"],
    ["with a BOM", "\uFEFFsecret-1", "\uFEFFsecret-1"],
  ])("%s", (_form, secret, written) => {
    const scrubber = knowing(secret);
    expect(scrubber.scrub(written)).toBe("[redacted]");
    expect(scrubber.scrub(`<${written}> & <${written}>`)).toBe("<[redacted]> & <[redacted]>");
  });

  it.each([8, 9, 10, 31, 32, 33])("base64 of %i bytes, wherever in the text they stand", (size) => {
    const secret = Uint8Array.from({ length: size }, (_, at) => 251 - at * 7);
    const scrubber = knowing(secret);
    for (const before of ["", "u", "us", "use", "user:"]) {
      for (const after of ["", ":", ":p", ":pw"]) {
        const bytes = Buffer.concat([Buffer.from(before), secret, Buffer.from(after)]);
        for (const text of [base64(bytes), base64url(bytes)]) {
          const clean = scrubber.scrub(`Basic ${text}`);
          // The characters around it hold six bits of it at most.
          expect(clean).toMatch(/^Basic [\w+/-]*\[redacted\][\w+/-]{0,5}={0,2}$/);
          expect(clean.length).toBeLessThanOrEqual(
            "Basic [redacted]==".length + Math.ceil(((before.length + after.length) * 8) / 6) + 2,
          );
        }
      }
    }
  });

  it.each(["", "1", "12"])("base64 of JSON behind %j", (before) => {
    const written = base64(`${before}{"token":${JSON.stringify(AWKWARD)}}`);
    expect(knowing(AWKWARD).scrub(written)).toMatch(/^[\w+/]{13,16}\[redacted\][\w+/]{0,5}=*$/);
  });

  it("bytes that are no text, in base64 and hex", () => {
    const secret = Uint8Array.of(0xff, 0xfe, 0x00, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf5, 1, 2, 3);
    const scrubber = knowing(secret);
    expect(scrubber.scrub(`${hex(secret)} ${base64(secret)}`)).toBe("[redacted] [redacted]");
  });

  it("each line of a key in PEM, as a log has them", () => {
    const body = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"];
    const pem = `-----BEGIN PRIVATE KEY-----\n${body.join("\r\n")}\n-----END PRIVATE KEY-----\n`;
    const scrubber = knowing(pem);
    expect(scrubber.scrub(`line: ${body[0]}`)).toBe("line: [redacted]");
    expect(scrubber.scrub(`line: ${body[1]}`)).toBe("line: [redacted]");
    expect(scrubber.scrub("-----BEGIN PRIVATE KEY-----")).toBe("-----BEGIN PRIVATE KEY-----");
    expect(scrubber.scrub(JSON.stringify({ pem }))).toBe('{"pem":"[redacted]"}');
  });
});

describe("what stays", () => {
  it("a text when nothing is known", () => {
    const scrubber = createScrubber();
    expect(scrubber.isEmpty).toBe(true);
    expect(scrubber.scrub("anything")).toBe("anything");
  });

  it.each(["", "1234567", "🔑"])(
    "the secret %j, which is too short to be found only where it is",
    (secret) => {
      const scrubber = knowing(secret);
      expect(scrubber.isEmpty).toBe(true);
      expect(scrubber.scrub(`a ${secret} b`)).toBe(`a ${secret} b`);
    },
  );

  it.each([
    ["a part of it", "correct-horse-batter"],
    ["what differs in one character", "correct-horse-battery-stapla"],
    ["what has the same middle", "cOrrect-house-battery-staple".replace("house", "h0rse")],
    ["the beginning of it at the end of a text", "…correct-horse-battery-stapl"],
    ["the end of it at the beginning of a text", "orrect-horse-battery-staple…"],
    ["an empty text", ""],
  ])("%s", (_what, text) => {
    expect(knowing("correct-horse-battery-staple").scrub(text)).toBe(text);
  });

  it("any text that has none of 1,000 secrets", () => {
    const scrubber = knowing(
      ...Array.from({ length: 1_000 }, (_, at) => `secret-number-${at}-of-all`),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(scrubber.scrub(text)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

describe("secrets that meet", () => {
  it.each([
    [
      "the longer one goes as a whole",
      ["password", "my-password-1"],
      "my-password-1!",
      "[redacted]!",
    ],
    ["whichever was learned first", ["my-password-1", "password"], "my-password-1!", "[redacted]!"],
    ["the shorter one by itself, too", ["my-password-1", "password"], "a password", "a [redacted]"],
    [
      "two that overlap go together",
      ["abcdefgh-1", "1-ijklmnop"],
      "<abcdefgh-1-ijklmnop>",
      "<[redacted]>",
    ],
    [
      "three in a chain",
      ["aaaabbbb", "bbbbcccc", "ccccdddd"],
      "-aaaabbbbccccdddd-",
      "-[redacted]-",
    ],
    ["one behind the other", ["abcdefgh", "ijklmnop"], "abcdefghijklmnop", "[redacted][redacted]"],
    ["one that overlaps itself", ["abababab"], "xababababababx", "x[redacted]x"],
  ])("%s", (_what, secrets, text, clean) => {
    expect(knowing(...secrets).scrub(text)).toBe(clean);
  });

  it("are all found, though they begin and end alike", () => {
    const secrets = Array.from(
      { length: 200 },
      (_, at) => `sk-proj-${"x".repeat(at)}-${at}-suffix-`,
    );
    const scrubber = knowing(...secrets);
    for (const secret of secrets) expect(scrubber.scrub(`key=${secret};`)).toBe("key=[redacted];");
  });
});

const SECRET = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 8, maxLength: 40 }),
  fc.string({ unit: "binary", minLength: 8, maxLength: 40 }),
  fc.string({ unit: fc.constantFrom("a", "b", "-", '"', "\\"), minLength: 8, maxLength: 12 }),
);
const FORMS: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  json,
  (secret) => json(json(secret)),
  base64,
  base64url,
  hex,
  (secret) => hex(secret).toUpperCase(),
  encodeURIComponent,
  formEncoded,
];

describe("any secrets in any text", () => {
  it("leave no form of any of them", () => {
    fc.assert(
      fc.property(
        fc.array(
          SECRET.filter((secret) => secret.isWellFormed()),
          { minLength: 1, maxLength: 5 },
        ),
        fc.array(
          fc.oneof(
            fc.string({ unit: "binary" }),
            fc.record({ secret: fc.nat(4), form: fc.nat(FORMS.length - 1) }),
          ),
        ),
        (secrets, parts) => {
          const text = parts
            .map((part) =>
              typeof part === "string"
                ? part
                : FORMS[part.form]!(secrets[part.secret % secrets.length]!),
            )
            .join("");
          const clean = knowing(...secrets).scrub(text);
          for (const secret of secrets) {
            for (const form of FORMS) expect(clean).not.toContain(form(secret));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("a scrubber's limits", () => {
  it("forgets the secret that was learned least recently", () => {
    const scrubber = createScrubber({ maxSecrets: 3 });
    for (const name of ["one", "two", "three", "one", "four"])
      scrubber.learn(utf8(`secret-${name}`));
    expect(scrubber.scrub("secret-one secret-two secret-three secret-four")).toBe(
      "[redacted] secret-two [redacted] [redacted]",
    );
  });

  it("still finds what two secrets have in common when one was forgotten", () => {
    const scrubber = createScrubber({ maxSecrets: 2 });
    for (const secret of ["TOKEN-0123", "token-0123", "other-secret"]) scrubber.learn(utf8(secret));
    expect(scrubber.scrub("token-0123")).toBe("[redacted]");
    scrubber.learn(utf8("one-more-secret"));
    expect(scrubber.scrub("token-0123")).toBe("token-0123");
  });

  it("finds each of 10,000 secrets, and the right ones of 20,000", () => {
    const secretOf = (at: number) => `key-${(at * 2_654_435_761).toString(36)}-${at}`;
    const scrubber = createScrubber();
    for (let at = 0; at < 20_000; at++) scrubber.learn(utf8(secretOf(at)));
    const text = Array.from({ length: 20_000 }, (_, at) => secretOf(at)).join("\n");
    const lines = scrubber.scrub(text).split("\n");
    expect(lines.slice(0, 10_000).join("\n")).toBe(text.split("\n").slice(0, 10_000).join("\n"));
    expect(new Set(lines.slice(10_000))).toEqual(new Set(["[redacted]"]));
  });

  it("takes a secret of 64 KiB out of a text of 4 MiB, at its beginning and at its end", () => {
    const secret = Buffer.alloc(48 * 1024, "0123456789 is the key ").toString("base64");
    const filler = "lorem ipsum ".repeat(340_000);
    expect(knowing(secret).scrub(`${secret}${filler}${secret}`)).toBe(
      `[redacted]${filler}[redacted]`,
    );
  });

  it.each([
    ["the secret over and over", "x".repeat(64), "x".repeat(64)],
    ["its middle over and over", `begin-${"ab".repeat(20_000)}-end`, "ab"],
  ])("is not slowed down by a text that is made of %s", (_what, secret, unit) => {
    const text = unit.repeat(2 ** 21 / unit.length);
    const scrubber = knowing(secret);
    const began = performance.now();
    scrubber.scrub(text);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("forgets the oldest keys of very many lines, but never the last one", () => {
    const keyOf = (key: number, lines: number) =>
      Array.from({ length: lines }, (_, at) => `${key}a${at}b`.padEnd(20, "Z")).join("\n");
    const scrubber = createScrubber({ maxForms: 1_000 });
    for (let key = 0; key < 8; key++) scrubber.learn(utf8(keyOf(key, 300)));
    expect(scrubber.scrub("4a7bZZZZZZZZZZZZZZZZ 5a7bZZZZZZZZZZZZZZZZ")).toBe(
      "4a7bZZZZZZZZZZZZZZZZ [redacted]",
    );
    scrubber.learn(utf8(keyOf(8, 2_000)));
    expect(scrubber.scrub("7a7bZZZZZZZZZZZZZZZZ 8a7bZZZZZZZZZZZZZZZZ")).toBe(
      "7a7bZZZZZZZZZZZZZZZZ [redacted]",
    );
  });
});

describe("the bytes that are learned", () => {
  it("are only read", () => {
    const secret = utf8("a secret of somebody's");
    const before = secret.slice();
    const scrubber = createScrubber();
    scrubber.learn(secret);
    expect(secret).toEqual(before);
    secret.fill(0);
    expect(scrubber.scrub("a secret of somebody's")).toBe("[redacted]");
  });
});

describe("what a secret is known by", () => {
  it("is the same for the same secret, and says nothing of it", () => {
    const scrubber = createScrubber();
    const learned = scrubber.learn(utf8("a secret of ours"));
    expect(scrubber.learn(utf8("a secret of ours"))).toBe(learned);
    expect(scrubber.learn(utf8("another secret"))).not.toBe(learned);
    expect(learned).toMatch(/^[0-9a-f]{32}$/);
    expect(createScrubber().learn(utf8("a secret of ours"))).not.toBe(learned);
  });

  it("is nothing for one that is too short", () => {
    expect(createScrubber().learn(utf8("seven c"))).toBeNull();
  });

  it("tells whether it is known still, and then it is not the next to be forgotten", () => {
    const scrubber = createScrubber({ maxSecrets: 2 });
    const [one, two] = ["the first secret", "the second secret"].map((secret) =>
      scrubber.learn(utf8(secret))!,
    );
    expect(scrubber.knows(one!)).toBe(true);
    scrubber.learn(utf8("the third secret"));
    expect([scrubber.knows(one!), scrubber.knows(two!)]).toEqual([true, false]);
    expect(scrubber.scrub("the first secret")).toBe("[redacted]");
  });
});
