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
    [`{"name":"a","__proto__":{"count":1}}`, "/: unrecognized_keys"],
    ['{"name":"a","even":3}', "/even: must be even"],
    [`{"count":"${CANARY}"}`, "/name: invalid_type; /count: invalid_type"],
  ])("that is %j is refused without being repeated", async (body, reason) => {
    await expect(read(body)).rejects.toMatchObject({
      code: "BODY_INVALID",
      message: `The body is not valid: ${reason}.`,
    });
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
