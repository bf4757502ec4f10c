import { ABBREVIATIONS } from "./zone-names.ts";

const MOST = 5;

/** The names that somebody may have meant by `text`, best first: by abbreviation, city, part, or a slip of the pen. */
export function closestNames(text: string, names: readonly string[]): string[] {
  const byAbbreviation = ABBREVIATIONS[text.trim().toUpperCase()];
  if (byAbbreviation !== undefined) return [...byAbbreviation];
  const wanted = fold(text);
  const wantedCity = fold(cityOf(text));
  if (wantedCity === "") return [];
  return names
    .map((name) => ({ name, rank: rankOf(fold(name), fold(cityOf(name)), wanted, wantedCity) }))
    .filter(({ rank }) => rank < Infinity)
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** 0 is the same city; each slip costs one; what is farther away does not count. */
function rankOf(name: string, city: string, wanted: string, wantedCity: string): number {
  if (city === wantedCity) return 0;
  if (wanted.length > 2 && name.includes(wanted)) return 1;
  if (city.length > 3 && wanted.includes(city)) return 2;
  const slips = editDistance(city, wantedCity);
  return slips <= Math.max(1, Math.floor(wantedCity.length / 4)) && wantedCity.length > 3
    ? 2 + slips
    : Infinity;
}

function cityOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** "São Paulo" and "Sao_Paulo" are the same. */
function fold(text: string): string {
  return text
    .normalize("NFD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "");
}

/** How many letters must be put in, taken out or changed (Levenshtein). Both are folded, so a letter is one unit. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let at = 1; at <= b.length; at++) {
      const changed = above[at - 1]! + Number(a[row - 1] !== b[at - 1]);
      line.push(Math.min(above[at]! + 1, line[at - 1]! + 1, changed));
    }
    above = line;
  }
  return above[b.length]!;
}
