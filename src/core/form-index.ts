import { RollingHash, WINDOW } from "../util/rolling-hash.ts";
import { foldText, foldUnits } from "../util/text-units.ts";

/** What is known of one form of a secret: enough to find it, and nothing of what it says. */
export interface Fingerprint {
  /** The hash of the eight units in its middle: tokens of one maker often begin alike, and keys end alike. */
  readonly window: number;
  readonly length: number;
  /** The hash of the whole. */
  readonly hash: number;
  /** The keyed hash of the whole. */
  readonly mac: string;
}

/** What forms with one window and one length have in common. */
interface Shape {
  readonly length: number;
  /** Where their window begins. */
  readonly offset: number;
  readonly factor: number;
  /** How many there are. */
  count: number;
}

/** The keyed hash of bytes, which confirms. */
export type Mac = (bytes: Uint8Array) => string;

/** Room in the table of bits for each form: one window in 32 of any text is looked up for nothing. */
const BITS_PER_FORM = 32;
const SMALLEST_TABLE = 2 ** 12;
const BIGGEST_TABLE = 2 ** 24;
/** Texts up to this size, nearly all there are, are looked through in memory that is kept. */
const KEPT_UNITS = 16 * 1024;

/** Finds texts of which only fingerprints are known, in one pass, however many there are. */
export class FormIndex {
  readonly #mac: Mac;
  readonly #hashes = new RollingHash();
  readonly #shapes = new Map<number, Shape[]>();
  readonly #forms = new Map<number, Fingerprint[]>();
  #size = 0;
  /** Whether there may be a form with such a window: most windows of most texts end here. */
  #table = new Int32Array(SMALLEST_TABLE / 32);
  #shift = shiftOf(SMALLEST_TABLE);
  /** Forms that have left, and whose bits are still set. */
  #gone = 0;
  #units: Uint16Array<ArrayBuffer> | null = null;
  #beginnings: Int32Array<ArrayBuffer> | null = null;

  constructor(mac: Mac) {
    this.#mac = mac;
  }

  get size(): number {
    return this.#size;
  }

  /** Learns a form; `null` when it is too short to be found. Its units are folded in place. */
  add(units: Uint16Array<ArrayBuffer>): Fingerprint | null {
    const { length } = units;
    if (length < WINDOW) return null;
    foldUnits(units);
    const beginnings = new Int32Array(length + 1);
    this.#hashes.hashBeginnings(beginnings, units);
    const { windowFactor } = this.#hashes;
    const offset = (length - WINDOW) >> 1;
    const form: Fingerprint = {
      window: this.#hashes.part(beginnings, offset, offset + WINDOW, windowFactor),
      length,
      hash: beginnings[length]!,
      mac: this.#mac(bytesOf(units, 0, length)),
    };
    // From these hashes, and the multiplier, the form could be computed.
    beginnings.fill(0);
    const shapes = listAt(this.#shapes, form.window);
    const shape = shapes.find((one) => one.length === length);
    if (shape !== undefined) shape.count++;
    else shapes.push({ length, offset, factor: this.#hashes.factor(length), count: 1 });
    listAt(this.#forms, form.hash).push(form);
    this.#size++;
    if ((this.#size + this.#gone) * BITS_PER_FORM > this.#table.length * 32) this.#rebuild();
    else this.#mark(form.window);
    return form;
  }

  remove(form: Fingerprint): void {
    const shapes = this.#shapes.get(form.window)!;
    const shape = shapes.find(({ length }) => length === form.length)!;
    shape.count--;
    if (shape.count === 0) takeOut(this.#shapes, form.window, shape);
    takeOut(this.#forms, form.hash, form);
    this.#size--;
    this.#gone++;
  }

  /** Where known forms stand: pairs of start and end, in no order, which may overlap. */
  find(text: string): [start: number, end: number][] {
    const { length } = text;
    if (length < WINDOW || this.#size === 0) return [];
    const units = this.#unitsFor(length);
    const beginnings = this.#beginningsFor(length);
    foldText(text, units);
    this.#hashes.hashBeginnings(beginnings, units);
    const found = this.#search(units, beginnings);
    units.fill(0);
    beginnings.fill(0, 0, length + 1);
    return found;
  }

  #search(units: Uint16Array<ArrayBuffer>, beginnings: Int32Array): [number, number][] {
    const hashes = this.#hashes;
    const { windowFactor } = hashes;
    const table = this.#table;
    const shift = this.#shift;
    const found: [number, number][] = [];
    const confirmed = new Set<Fingerprint>();
    const last = units.length - WINDOW;
    for (let at = 0; at <= last; at++) {
      const window = hashes.part(beginnings, at, at + WINDOW, windowFactor);
      const bit = window >>> shift;
      if ((table[bit >>> 5]! & (1 << (bit & 31))) === 0) continue;
      for (const shape of this.#shapes.get(window) ?? []) {
        const start = at - shape.offset;
        const end = start + shape.length;
        if (start < 0 || end > units.length) continue;
        const hash = hashes.part(beginnings, start, end, shape.factor);
        for (const form of this.#forms.get(hash) ?? []) {
          if (form.length !== shape.length) continue;
          // Once a text is enough: what else has both hashes of a form that stands there is that form, or made to look so.
          if (!confirmed.has(form)) {
            if (this.#mac(bytesOf(units, start, end)) !== form.mac) continue;
            confirmed.add(form);
          }
          note(found, start, end);
          break;
        }
      }
    }
    return found;
  }

  #mark(window: number): void {
    const bit = window >>> this.#shift;
    this.#table[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** Makes a table of the right size without the bits of forms that have left. */
  #rebuild(): void {
    let bits = SMALLEST_TABLE;
    // Twice the room, so that the next rebuilding is far.
    while (bits < this.#size * BITS_PER_FORM * 2 && bits < BIGGEST_TABLE) bits *= 2;
    this.#table = new Int32Array(bits / 32);
    this.#shift = shiftOf(bits);
    this.#gone = 0;
    for (const window of this.#shapes.keys()) this.#mark(window);
  }

  #unitsFor(length: number): Uint16Array<ArrayBuffer> {
    if (length > KEPT_UNITS) return new Uint16Array(length);
    this.#units ??= new Uint16Array(KEPT_UNITS);
    return this.#units.subarray(0, length);
  }

  #beginningsFor(length: number): Int32Array<ArrayBuffer> {
    if (length > KEPT_UNITS) return new Int32Array(length + 1);
    return (this.#beginnings ??= new Int32Array(KEPT_UNITS + 1));
  }
}

/** Adds a place; one that overlaps the last, as in a text that repeats itself, makes that longer. */
function note(found: [number, number][], start: number, end: number): void {
  const last = found.at(-1);
  if (last === undefined || start >= last[1] || end <= last[0]) {
    found.push([start, end]);
    return;
  }
  last[0] = Math.min(last[0], start);
  last[1] = Math.max(last[1], end);
}

function listAt<T>(lists: Map<number, T[]>, key: number): T[] {
  const list = lists.get(key) ?? [];
  if (list.length === 0) lists.set(key, list);
  return list;
}

function takeOut<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key)!;
  list.splice(list.indexOf(item), 1);
  if (list.length === 0) lists.delete(key);
}

function bytesOf(units: Uint16Array<ArrayBuffer>, start: number, end: number): Uint8Array {
  return new Uint8Array(units.buffer, units.byteOffset + start * 2, (end - start) * 2);
}

function shiftOf(bits: number): number {
  return 32 - Math.log2(bits);
}
