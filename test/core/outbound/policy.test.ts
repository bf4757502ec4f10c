import { describe, expect, it } from "vitest";
import { createOutboundGuard } from "../../../src/core/outbound/guard.ts";
import { parsePrivateOrigins, PUBLIC_ONLY } from "../../../src/core/outbound/policy.ts";
import type { OutboundPolicy } from "../../../src/core/outbound/policy.ts";
import { forbiddenUrls } from "./corpus.ts";

function policyOf(text: string): OutboundPolicy {
  const policy = parsePrivateOrigins(text);
  if (!policy.ok) throw new Error(policy.reason);
  return policy.value;
}

const ruleOf = (text: string, url: string) =>
  createOutboundGuard(policyOf(text)).urlFault(new URL(url))?.rule ?? null;
const addressRuleOf = (text: string, url: string, address: string) =>
  createOutboundGuard(policyOf(text)).addressFault(new URL(url), address)?.rule ?? null;

describe("the list of private origins", () => {
  it.each(["", "  ", ",", " , "])("opens nothing when it is %j", (text) => {
    expect(policyOf(text)).toEqual(PUBLIC_ONLY);
  });

  it("takes origins with blanks and last slashes, and the word for this machine", () => {
    expect(
      policyOf(" https://Git.lan/ ,http://127.0.0.1:11434,loopback,https://[fd00::1]:8443"),
    ).toEqual({
      ...PUBLIC_ONLY,
      privateOrigins: new Set([
        "https://git.lan",
        "http://127.0.0.1:11434",
        "https://[fd00::1]:8443",
      ]),
      allowLoopback: true,
    });
  });

  it.each([
    "git.lan",
    "https://git.lan/api",
    "https://user@git.lan",
    "https://git.lan.",
    "https://*.lan",
    "http://git.lan",
    "http://10.0.0.1",
    "ftp://127.0.0.1",
    "https://169.254.169.254",
    "https://[::ffff:10.0.0.1]",
    "https://0.0.0.0",
    "Loopback",
    "*",
  ])("refuses %s, and names it", (entry) => {
    expect(parsePrivateOrigins(`https://fine.lan,${entry}`)).toEqual({ ok: false, reason: entry });
  });
});

describe("what may be reached", () => {
  it.each(["https://api.example.org/", "https://api.example.org:8443/a?b", "https://1.1.1.1/"])(
    "is %s",
    (url) => expect(ruleOf("", url)).toBeNull(),
  );

  it.each(
    forbiddenUrls(8443)
      .filter(({ rule }) => rule !== "url" && rule !== "address")
      .map(({ url, rule }) => [url, rule] as const),
  )("is not %s, by the rule %s", (url, rule) => expect(ruleOf("", url)).toBe(rule));

  it.each([
    ["https://git.lan", "https://git.lan/x", null],
    ["https://git.lan", "https://git.lan:8443/x", "name"],
    ["https://git.lan", "http://git.lan/x", "name"],
    ["https://git.lan", "https://a.git.lan/x", "name"],
    ["https://git.lan", "https://u:p@git.lan/x", "userinfo"],
    ["https://10.0.0.7:9443", "https://10.0.0.7:9443/x", null],
    ["https://10.0.0.7:9443", "https://10.0.0.8:9443/x", "address"],
    ["https://10.0.0.7:9443", "https://0xa000007:9443/x", null],
    ["https://api.example.org:9443", "https://api.example.org:9443/x", null],
    ["https://api.example.org:9443", "https://api.example.org:9444/x", "port"],
    ["http://127.0.0.1:11434", "http://127.0.0.1:11434/x", null],
    ["http://127.0.0.1:11434", "http://localhost:11434/x", "name"],
    ["http://127.0.0.1:11434", "http://127.0.0.1:11435/x", "address"],
    ["http://localhost:11434", "http://localhost:11434/x", null],
    ["loopback", "http://localhost:1/x", null],
    ["loopback", "http://[::1]:1/x", null],
    ["loopback", "https://127.9.9.9/x", null],
    ["loopback", "http://a.localhost/x", "name"],
    ["loopback", "http://10.0.0.1/x", "address"],
    ["loopback", "http://api.example.org/x", "scheme"],
    ["loopback", "ftp://localhost/x", "scheme"],
  ])("with %j: %s ends in %j", (text, url, rule) => expect(ruleOf(text, url)).toBe(rule));

  it.each([
    ["", "https://api.example.org", "1.1.1.1", null],
    ["", "https://api.example.org", "10.0.0.1", "address"],
    ["loopback", "https://api.example.org", "127.0.0.1", "address"],
    ["loopback", "http://localhost", "127.0.0.1", null],
    ["loopback", "http://localhost", "10.0.0.1", "address"],
    ["loopback", "http://localhost", "1.1.1.1", "address"],
    ["https://git.lan", "https://git.lan", "10.0.0.1", null],
    ["https://git.lan", "https://git.lan", "fd00::1", null],
    ["https://git.lan", "https://git.lan", "127.0.1.1", null],
    ["https://git.lan", "https://git.lan", "1.1.1.1", null],
    ["https://git.lan", "https://git.lan", "169.254.169.254", "address"],
    ["https://git.lan", "https://git.lan", "fd00:ec2::254", "address"],
    ["https://git.lan", "https://git.lan", "::ffff:10.0.0.1", "address"],
  ])("with %j: %s at %s ends in %j", (text, url, address, rule) =>
    expect(addressRuleOf(text, url, address)).toBe(rule),
  );
});
