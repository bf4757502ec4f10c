import type { InvalidPlace } from "../errors.ts";
import type { JsonSchema } from "../types/json.ts";
import { isJsonObject } from "../util/json-object.ts";
import { escapePart, unescapePart } from "../util/json-pointer.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import { compilePattern } from "./field-validation.ts";

/** A schema that holds for a place, with the document that its references lie in. */
interface Held {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

export interface ShownSettings {
  /** With `null` in the place of what is hidden. */
  readonly config: Readonly<Record<string, unknown>>;
  /** JSON Pointers of what is hidden. */
  readonly hidden: readonly string[];
}

/**
 * An instance's settings as they may be shown. Hidden is what a schema marks as secret (`format: "password"`, `writeOnly`,
 * `x-sensitive`), and what no schema describes, because nobody knows what that is.
 */
export function hideSettings(
  config: Readonly<Record<string, unknown>>,
  schemas: readonly JsonSchema[],
): ShownSettings {
  const hidden: string[] = [];
  return { config: showSettings(config, schemas, ({ pointer }) => hidden.push(pointer)), hidden };
}

/** The texts in settings that a schema marks as secret: those that must not be in what a plugin says, either. */
export function secretTexts(
  config: Readonly<Record<string, unknown>>,
  schemas: readonly JsonSchema[],
): string[] {
  const texts: string[] = [];
  showSettings(config, schemas, ({ value, isMarked }) => {
    if (isMarked) texts.push(...textsIn(value));
  });
  return texts;
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

interface HiddenPlace {
  readonly pointer: string;
  readonly value: unknown;
  /** Whether a schema says that it is secret; else none says what it is. */
  readonly isMarked: boolean;
}

function showSettings(
  config: Readonly<Record<string, unknown>>,
  schemas: readonly JsonSchema[],
  hide: (place: HiddenPlace) => void,
): Readonly<Record<string, unknown>> {
  const show = (value: unknown, held: readonly Held[], pointer: string): unknown => {
    const here = expand(held);
    const isMarked = here?.some(({ schema }) => isSecret(schema)) ?? false;
    if (here === null || here.length === 0 || isMarked) {
      hide({ pointer, value, isMarked });
      return null;
    }
    if (Array.isArray(value)) {
      return value.map((item, at) => show(item, itemsAt(here, at), `${pointer}/${at}`));
    }
    return isJsonObject(value) ? members(value, here, pointer) : value;
  };
  const members = (value: object, held: readonly Held[], pointer: string) =>
    Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        show(member, membersAt(held, name), `${pointer}/${escapePart(name)}`),
      ]),
    );
  const top = expand(schemas.map((schema) => ({ schema, root: schema }))) ?? [];
  const isOpen = !top.some(({ schema }) => isSecret(schema));
  return members(config, isOpen ? top : [], "");
}

/**
 * Settings with the present values in the places that `keep` names, for whoever has not been shown them. A refusal names the
 * place.
 */
export function keepSettings(
  wanted: Readonly<Record<string, unknown>>,
  present: Readonly<Record<string, unknown>>,
  keep: readonly string[],
): Result<Readonly<Record<string, unknown>>, InvalidPlace> {
  let config: unknown = wanted;
  for (const [at, pointer] of keep.entries()) {
    const [root, ...path] = pointer.split("/").map(unescapePart);
    const kept = root === "" && path.length > 0 ? putBack(config, present, path) : null;
    if (kept === null) {
      const detail = "there is nothing to keep, or it has a value";
      return refuse({ pointer: `/keep/${at}`, detail });
    }
    config = kept.value;
  }
  return ok(config as Readonly<Record<string, unknown>>);
}

function putBack(
  wanted: unknown,
  present: unknown,
  [name, ...rest]: readonly string[],
): { readonly value: unknown } | null {
  if (name === undefined) {
    const isFree = wanted === null || wanted === undefined;
    return isFree && present !== undefined ? { value: present } : null;
  }
  if (Array.isArray(wanted) && Array.isArray(present)) {
    const at = /^\d{1,6}$/.test(name) && Number(name) < wanted.length ? Number(name) : null;
    const item = at === null ? null : putBack(wanted[at], present[at], rest);
    return item && { value: wanted.with(at!, item.value) };
  }
  if (!isJsonObject(wanted) || !isJsonObject(present)) return null;
  const own = (object: Record<string, unknown>) =>
    Object.hasOwn(object, name) ? object[name] : undefined;
  const member = putBack(own(wanted), own(present), rest);
  return member && { value: { ...wanted, [name]: member.value } };
}

function isSecret({ format, writeOnly, ...rest }: JsonSchema): boolean {
  return format === "password" || writeOnly === true || Boolean(rest["x-sensitive"]);
}

const LISTS = ["allOf", "anyOf", "oneOf"];
const SINGLES = ["if", "then", "else"];

/** All schemas that may have a say, through references and combinations; `null` when one of them cannot be found. */
function expand(held: readonly Held[]): Held[] | null {
  const all = new Map(held.map((each) => [each.schema, each]));
  for (const { schema, root } of all.values()) {
    const more: unknown[] = SINGLES.map((key) => schema[key]);
    for (const key of LISTS) if (Array.isArray(schema[key])) more.push(...schema[key]);
    // The older dialects have the second name for it.
    for (const key of ["dependentSchemas", "dependencies"]) {
      if (isJsonObject(schema[key])) more.push(...Object.values(schema[key]));
    }
    for (const key of ["$ref", "$dynamicRef"]) {
      if (schema[key] === undefined) continue;
      const target = follow(root, schema[key]);
      if (target === null) return null;
      more.push(target);
    }
    for (const next of toHeld(more, root)) {
      if (!all.has(next.schema)) all.set(next.schema, next);
    }
  }
  return [...all.values()];
}

/** What a reference within the document means, if it is written as a pointer. */
function follow(root: JsonSchema, reference: unknown): unknown {
  if (typeof reference !== "string" || !/^#(?:\/|$)/.test(reference)) return null;
  let at: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const name = unescapePart(decode(part));
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return null;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function membersAt(held: readonly Held[], name: string): Held[] {
  return held.flatMap(({ schema, root }) => {
    const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
    const own =
      isJsonObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
    const others = own.length === 0 ? [additionalProperties, unevaluatedProperties] : [];
    const patterns = isJsonObject(patternProperties) ? Object.entries(patternProperties) : [];
    const matching = patterns.filter(([pattern]) => isMatch(pattern, name));
    const described = [
      ...toHeld([...own, ...matching.map(([, member]) => member)].map(asObject), root),
      ...toHeld(others, root),
    ];
    // One that cannot be judged may match: it hides more than it must, and does not say what a member is.
    const all = patterns.map(([, member]) => member);
    return described.length === 0 ? [] : [...described, ...toHeld(all, root)];
  });
}

/** By an engine that takes no longer for hostile patterns; `false` for what it does not know. */
function isMatch(pattern: string, name: string): boolean {
  const compiled = compilePattern({ source: pattern, flags: "" });
  return compiled.ok && compiled.value.matcher(name).find();
}

function itemsAt(held: readonly Held[], at: number): Held[] {
  return held.flatMap(({ schema, root }) => {
    const { prefixItems, items, additionalItems, unevaluatedItems, contains } = schema;
    // The older dialects have the list in `items`.
    const first = [prefixItems, items].find((list) => Array.isArray(list)) as unknown[] | undefined;
    const own = first !== undefined && at < first.length ? [asObject(first[at])] : [];
    const others = own.length === 0 ? [items, additionalItems, unevaluatedItems] : [];
    const described = toHeld([...own, ...others], root);
    // It holds for some of them.
    return described.length === 0 ? [] : [...described, ...toHeld([contains], root)];
  });
}

function toHeld(schemas: readonly unknown[], root: JsonSchema): Held[] {
  return schemas.filter(isJsonObject).map((schema) => ({
    schema,
    // References below an id of its own lie in it.
    root: typeof schema["$id"] === "string" ? schema : root,
  }));
}

/** `true` says that there is such a member, and nothing else. */
function asObject(schema: unknown): unknown {
  return schema === true ? {} : schema;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
