import { describe, expect, it } from "vitest";
import { kindOfAddress } from "../../../src/core/outbound/address-kind.ts";

describe("an address leads", () => {
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "169.253.255.255",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:800::200e",
  ])("to the internet: %s", (address) => expect(kindOfAddress(address)).toBe("public"));

  it.each(["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"])(
    "into a private network: %s",
    (address) => expect(kindOfAddress(address)).toBe("private"),
  );

  it.each(["100.64.0.1", "100.127.255.255", "fc00::1", "fdff::1"])(
    "into a private network: %s",
    (address) => expect(kindOfAddress(address)).toBe("private"),
  );

  it.each(["127.0.0.1", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1"])(
    "to this machine: %s",
    (address) => expect(kindOfAddress(address)).toBe("loopback"),
  );

  it.each([
    // What is no address as systems write them, and would be read in more than one way.
    "",
    "localhost",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "127.0.0.01",
    "127.0.0.1 ",
    "[::1]",
    "::1%lo",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "1.1.1.1/32",
    "8.8.8.256",
    // Metadata.
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd20:00ce:0:0:0:0:0:0254",
    // Nobody's, or everybody's.
    "0.0.0.0",
    "0.1.2.3",
    "192.0.2.1",
    "192.88.99.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "3ffe::1",
    "5f00::1",
    "4000::1",
    "1fff::1",
    // With an IPv4 address inside.
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "::8.8.8.8",
    "::808:808",
    "::127.0.0.1",
    "::7f00:1",
    "::ffff:0:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "2002:808:808::1",
    "2001:0:808:808::1",
    "2600::5efe:808:808",
    "2600::200:5efe:808:808",
  ])("nowhere: %j", (address) => expect(kindOfAddress(address)).toBe("never"));
});
