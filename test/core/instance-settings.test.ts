import { describe, expect, it } from "vitest";
import { decideSettings, INSTANCE_ID, settingSources } from "../../src/core/instance-settings.ts";
import type { InstanceEntry, StoredInstance } from "../../src/types/instances.ts";

const NOTHING_STORED: StoredInstance = {
  id: "github",
  package: null,
  enabled: null,
  toolPrefix: null,
  host: null,
  config: null,
  oauth: null,
  removed: false,
  rev: 1,
};

const ENTRY: InstanceEntry = {
  package: "./github",
  enabled: false,
  toolPrefix: "gh",
  host: "in-process",
  config: { org: "file", team: "file" },
  oauth: { clientId: "of-the-file" },
};

const FROM_FILE = {
  id: "github",
  package: "./github",
  enabled: false,
  toolPrefix: "gh",
  host: "in-process",
  config: { org: "file", team: "file" },
  oauth: { clientId: "of-the-file" },
  locked: false,
};

describe("decideSettings", () => {
  it("has a default for all but the package", () => {
    expect(decideSettings("github", { package: "./github" }, undefined)).toEqual({
      id: "github",
      package: "./github",
      enabled: true,
      toolPrefix: "github",
      host: "in-process",
      config: {},
      oauth: {},
      locked: false,
    });
  });

  it("takes what the file says over the defaults", () => {
    expect(decideSettings("github", ENTRY, undefined)).toEqual(FROM_FILE);
    expect(decideSettings("github", ENTRY, NOTHING_STORED)).toEqual(FROM_FILE);
  });

  it.each([
    { package: "github-plugin" },
    { enabled: true },
    { toolPrefix: "" },
    { config: { org: "stored" } },
    { config: {} },
    { oauth: { clientId: "stored" } },
    { oauth: {} },
  ])("takes the stored %j over the file, and only that field", (stored) => {
    expect(decideSettings("github", ENTRY, { ...NOTHING_STORED, ...stored })).toEqual({
      ...FROM_FILE,
      ...stored,
    });
  });

  it("keeps to the file alone for a locked entry", () => {
    const stored = { ...NOTHING_STORED, enabled: true, toolPrefix: "mine", removed: true };
    expect(decideSettings("github", { ...ENTRY, locked: true }, stored)).toEqual({
      ...FROM_FILE,
      locked: true,
    });
  });

  it("has no instance where a tombstone lies over the file's entry", () => {
    expect(decideSettings("github", ENTRY, { ...NOTHING_STORED, removed: true })).toBeNull();
  });

  it("has an instance that is stored only", () => {
    const stored = { ...NOTHING_STORED, package: "./github" };
    expect(decideSettings("github", undefined, stored)).toEqual({
      ...FROM_FILE,
      enabled: true,
      toolPrefix: "github",
      config: {},
      oauth: {},
    });
  });

  it("has none of stored settings whose entry has gone from the file", () => {
    expect(decideSettings("github", undefined, { ...NOTHING_STORED, enabled: true })).toBeNull();
  });
});

describe("settingSources", () => {
  const stored = { ...NOTHING_STORED, enabled: false, toolPrefix: "", config: {} };

  it("says of each setting whether it was stored, is the file's or the default", () => {
    expect(settingSources({ package: "./github", config: {}, enabled: true }, stored)).toEqual({
      package: "file",
      enabled: "stored",
      toolPrefix: "stored",
      host: "default",
      config: "stored",
      oauth: "default",
    });
    expect(settingSources(undefined, { ...stored, package: "./a" }).package).toBe("stored");
  });

  it("knows nothing stored of a locked entry", () => {
    expect(Object.values(settingSources({ ...ENTRY, locked: true }, stored))).toEqual(
      Array.from({ length: 6 }, () => "file"),
    );
  });
});

describe("INSTANCE_ID", () => {
  it.each([
    ["github", true],
    ["github-work-2", true],
    ["a".repeat(32), true],
    ["a".repeat(33), false],
    ["", false],
    ["2fast", false],
    ["-x", false],
    ["GitHub", false],
    ["git_hub", false],
    ["__proto__", false],
    ["github\n", false],
  ])("%j is %s", (id, valid) => {
    expect(INSTANCE_ID.test(id)).toBe(valid);
  });
});
