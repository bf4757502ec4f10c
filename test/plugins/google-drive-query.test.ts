import { describe, expect, it } from "vitest";
import { speaksOf, toQuery, type Wanted } from "../../plugins/google-drive/query.ts";

const q = (wanted: Partial<Wanted>) => toQuery({ includeTrashed: true, ...wanted });

describe("a query", () => {
  it.each<{ wanted: Partial<Wanted>; query: string }>([
    { wanted: {}, query: "" },
    { wanted: { includeTrashed: false }, query: "trashed = false" },
    { wanted: { text: "plan" }, query: "fullText contains 'plan'" },
    { wanted: { text: '"a plan"' }, query: `fullText contains '"a plan"'` },
    { wanted: { name: "plan" }, query: "name contains 'plan'" },
    {
      wanted: { type: "document" },
      query: "mimeType = 'application/vnd.google-apps.document'",
    },
    { wanted: { type: "pdf" }, query: "mimeType = 'application/pdf'" },
    { wanted: { type: "image" }, query: "mimeType contains 'image/'" },
    { wanted: { folder: "root" }, query: "'root' in parents" },
    { wanted: { owner: "me" }, query: "'me' in owners" },
    {
      wanted: { modifiedAfter: "2026-01-31" },
      query: "modifiedTime > '2026-01-31T00:00:00.000Z'",
    },
    {
      wanted: { modifiedBefore: "2026-01-31T09:30+01:00" },
      query: "modifiedTime < '2026-01-31T08:30:00.000Z'",
    },
    { wanted: { query: "starred = true" }, query: "(starred = true)" },
    {
      wanted: { text: "a", type: "folder", folder: "f", includeTrashed: false },
      query:
        "fullText contains 'a' and mimeType = 'application/vnd.google-apps.folder' and 'f' in parents and trashed = false",
    },
  ])("for $wanted is $query", ({ wanted, query }) => {
    expect(q(wanted)).toBe(query);
  });

  it.each([
    { text: "Valentine's Day", value: String.raw`'Valentine\'s Day'` },
    { text: String.raw`C:\temp`, value: String.raw`'C:\\temp'` },
    {
      text: String.raw`\' or trashed = true or name = \'`,
      value: String.raw`'\\\' or trashed = true or name = \\\''`,
    },
    { text: "a\\", value: String.raw`'a\\'` },
    { text: "two\r\nlines\0", value: "'two lines '" },
    { text: "日本 🎉", value: "'日本 🎉'" },
  ])("keeps a value within its quotes: %j", ({ text, value }) => {
    expect(q({ text })).toBe(`fullText contains ${value}`);
    expect(q({ name: text })).toBe(`name contains ${value}`);
    expect(q({ owner: text })).toBe(`${value} in owners`);
    expect(q({ folder: text })).toBe(`${value} in parents`);
  });

  it.each([
    { query: "trashed = true", whole: "(trashed = true)" },
    { query: "name = 'a' and not Trashed=false", whole: "(name = 'a' and not Trashed=false)" },
    { query: "name = 'trashed'", whole: "(name = 'trashed') and trashed = false" },
    {
      query: String.raw`name = 'a\' trashed'`,
      whole: String.raw`(name = 'a\' trashed') and trashed = false`,
    },
    { query: "a = 1 or b = 2", whole: "(a = 1 or b = 2) and trashed = false" },
  ])("of one's own leaves out the trash unless it speaks of it: $query", ({ query, whole }) => {
    expect(toQuery({ query, includeTrashed: false })).toBe(whole);
  });

  it.each([
    { query: "fullText contains 'a'", isSo: true },
    { query: "fulltext contains 'a'", isSo: true },
    { query: "name = 'fullText'", isSo: false },
    { query: "notfullText = 1", isSo: false },
  ])("speaks of text outside of its values alone: $query", ({ query, isSo }) => {
    expect(speaksOf(query, "fullText")).toBe(isSo);
  });
});
