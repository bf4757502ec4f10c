import { describe, expect, it } from "vitest";
import { readAuthConfig, type AuthConfig } from "../../src/core/auth-config.ts";
import { checkCredential } from "../../src/core/field-validation.ts";

function configOf(field: object): AuthConfig {
  const base = { type: "string", required: true, description: "as the service shows it" };
  const auth = { type: "custom", required: true, fields: { field: { ...base, ...field } } };
  const result = readAuthConfig(null, auth);
  if (!result.ok) throw new Error(result.reason);
  return result.value!;
}

const check = (field: object, value: string, name = "field") => {
  const result = checkCredential(configOf(field), name, value);
  return result.ok ? "ok" : result.reason;
};

describe("a value for a credential", () => {
  it.each([
    ["", '"field" must not be empty.'],
    ["\ud800", '"field" must be well-formed text.'],
    ["a".repeat(65_537), '"field" must have 65536 bytes at most.'],
    ["é".repeat(32_769), '"field" must have 65536 bytes at most.'],
    ["a".repeat(65_536), "ok"],
    [" any text\nof lines ", "ok"],
  ])("%.20s", (value, answer) => {
    expect(check({}, value)).toBe(answer);
  });

  it.each([
    ["https://api.example.org/v1", "ok"],
    ["http://127.0.0.1:8080", "ok"],
    ["http://[::1]/", "ok"],
    ["http://localhost", "ok"],
    ["http://example.org", "refused"],
    ["http://127.0.0.1.example.org", "refused"],
    ["javascript:alert(1)", "refused"],
    ["example.org", "refused"],
  ])("as an address: %s", (value, answer) => {
    const refused = '"field" must be an https address (http is for this machine alone).';
    expect(check({ type: "url" }, value)).toBe(answer === "ok" ? "ok" : refused);
  });

  it.each([
    [/^sk-[a-z0-9]{4}$/, "sk-ab12", "ok"],
    [/^sk-[a-z0-9]{4}$/, "xsk-ab12", "refused"],
    [/^sk-[a-z0-9]{4}$/, "sk-ab12\n", "refused"],
    [/^SK/i, "sk-1", "ok"],
    [/^b$/m, "a\nb", "ok"],
    [/a.b/s, "a\nb", "ok"],
    [/a.b/, "a\nb", "refused"],
    [/^\u{1f511}.$/u, "🔑🔑", "ok"],
    [/part/, "a part of it", "ok"],
    [/^a\/b$/, "a/b", "ok"],
  ])("with the pattern %s: %j", (validation, value, answer) => {
    const refused =
      '"field" does not have the form that the plugin asks for: as the service shows it';
    expect(check({ validation }, value)).toBe(answer === "ok" ? "ok" : refused);
  });

  it("must be for a credential that the plugin has", () => {
    expect(check({}, "v", "other")).toBe('The plugin has no credential "other". It has: field.');
    expect(check({}, "v", "$field")).toMatch(/^The name of a credential is a letter/);
  });

  it("may have any name where the plugin declares none", () => {
    expect(checkCredential(null, "anything", "v")).toEqual({ ok: true, value: undefined });
  });
});

describe("an evil pattern", () => {
  const EVIL = [
    /^(a+)+$/,
    /^(a|a)*$/,
    /^(a|aa)+$/,
    /^([a-z]+)*[A-Z]$/,
    /^(([a-z])+.)+[A-Z]([a-z])+$/,
    /(x+x+)+y/,
    /^(\w+\s?)*$/,
    /(.*,){20}P/,
    /^(a?){80}a{80}$/,
    /(([a-z]?){10}[0-9]?){10}!!$/,
  ];
  const INPUTS = ["a".repeat(65_535) + "!", "a".repeat(4_095) + "!", "x,".repeat(2_048)];

  it.each(EVIL)("%s blocks nobody for 50 ms", (validation) => {
    const config = configOf({ validation });
    // What is compiled on the way the first time is not the pattern's fault.
    checkCredential(config, "field", "warm");
    for (const input of INPUTS) {
      // Of this thread's own time, so that a busy machine fails no test.
      const begun = process.threadCpuUsage();
      expect(checkCredential(config, "field", input).ok).toBe(false);
      const { user, system } = process.threadCpuUsage(begun);
      expect((user + system) / 1_000).toBeLessThan(50);
    }
  });
});
