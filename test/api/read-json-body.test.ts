import { describe, expect, it } from "vitest";
import * as z from "zod";
import { readJsonBody } from "../../src/api/read-json-body.ts";

const schema = z.strictObject({
  name: z.string(),
  count: z.number().optional(),
  even: z
    .number()
    .refine((number) => number % 2 === 0, "must be even")
    .optional(),
});
const CANARY = "canary-8c1f";

function read(body: BodyInit | null, type: string | null = "application/json", max?: number) {
  const request = new Request("http://localhost/", {
    method: "POST",
    body,
    headers: type === null ? {} : { "content-type": type },
    ...(body instanceof ReadableStream && { duplex: "half" }),
  });
  return readJsonBody(request, schema, max);
}

describe("a JSON body", () => {
  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"])(
    "is read when it is called %s",
    async (type) => {
      expect(await read('{"name":"é"}', type)).toEqual({ name: "é" });
    },
  );

  it.each([
    null,
    "text/plain",
    "application/jsonx",
    "application/json-patch+json",
    "text/plain, application/json",
    "application/x-www-form-urlencoded",
  ])("is refused when it is called %s", async (type) => {
    const body = new TextEncoder().encode('{"name":"a"}');
    await expect(read(body, type)).rejects.toMatchObject({
      code: "BODY_INVALID",
      message: "The body is not valid: Content-Type is not application/json.",
    });
  });

  it.each([
    ["", "it is not JSON"],
    [`{"name":"${CANARY}"`, "it is not JSON"],
    [CANARY, "it is not JSON"],
    [`"${CANARY}"`, "/: invalid_type"],
    ["[]", "/: invalid_type"],
    ["null", "/: invalid_type"],
    [`{"name":{"${CANARY}":1}}`, "/name: invalid_type"],
    [`{"name":"a","${CANARY}":1}`, "/: unrecognized_keys"],
    [`{"name":"a","__proto__":{"count":1}}`, "a member named __proto__"],
    ['{"name":"a","\\u005f_proto__":1}', "a member named __proto__"],
    ['{"name":"a","even":3}', "/even: must be even"],
    [`{"count":"${CANARY}"}`, "/name: invalid_type; /count: invalid_type"],
  ])("that is %j is refused without being repeated", async (body, reason) => {
    await expect(read(body)).rejects.toMatchObject({
      code: "BODY_INVALID",
      message: `The body is not valid: ${reason}.`,
    });
  });

  it("names each place that is wrong, as a JSON Pointer", async () => {
    await expect(read(`{"count":"${CANARY}","${CANARY}":1}`)).rejects.toMatchObject({
      places: [
        { pointer: "/name", detail: "invalid_type" },
        { pointer: "/count", detail: "invalid_type" },
        { pointer: "", detail: "unrecognized_keys" },
      ],
    });
  });

  const open = z.strictObject({ any: z.unknown() });
  const readAny = (any: string, max?: number) =>
    readJsonBody(
      new Request("http://localhost/", {
        method: "POST",
        body: `{"any":${any}}`,
        headers: { "content-type": "application/json" },
      }),
      open,
      max,
    );
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  it.each([
    ["levels", nested(63), nested(64), "nested deeper than 64 levels"],
    ["levels, by far", nested(63), nested(200_000), "nested deeper than 64 levels"],
    ["values", `[${"0,".repeat(9_998)}0]`, `[${"0,".repeat(9_999)}0]`, "more than 10000 values"],
    [
      "characters in a text",
      `"${"x".repeat(262_144)}"`,
      `"${"x".repeat(262_145)}"`,
      "a text of more than 262144 characters",
    ],
  ])("may have so many %s and no more", async (_what, most, tooMany, reason) => {
    expect(await readAny(most)).toEqual({ any: JSON.parse(most) });
    await expect(readAny(tooMany)).rejects.toMatchObject({
      code: "BODY_INVALID",
      message: `The body is not valid: ${reason}.`,
    });
  });

  it("may have longer texts where it may have more bytes than others", async () => {
    const long = `"${"x".repeat(1_500_000)}"`;
    expect(await readAny(long, 2_000_000)).toEqual({ any: JSON.parse(long) });
  });

  it("is refused when it has more bytes than it may, whether it says so or not", async () => {
    const body = '{"name":"1234567"}';
    expect(await read(body, "application/json", body.length)).toEqual({ name: "1234567" });
    const tooLarge = { code: "BODY_TOO_LARGE", message: "The body has more than 17 bytes." };
    await expect(read(body, "application/json", 17)).rejects.toMatchObject(tooLarge);
    const stream = new Blob([body]).stream();
    await expect(read(stream, "application/json", 17)).rejects.toMatchObject(tooLarge);
  });
});
