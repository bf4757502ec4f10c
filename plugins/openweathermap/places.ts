import { ToolError } from "mcp-plugin-server/plugin";
import type { Client } from "./client.ts";
import { readList, readNumber, readOptionalText } from "./read-answer.ts";
import { readPlace, type PlaceArguments, type WantedPlace } from "./wanted-place.ts";

/** The most that the service finds for one name. */
const MAX_MATCHES = 5;

export interface Location {
  readonly name?: string | undefined;
  readonly state?: string | undefined;
  readonly country?: string | undefined;
  readonly latitude: number;
  readonly longitude: number;
}

/**
 * The one place that is meant. Coordinates are taken as they are.
 *
 * @throws ToolError for a place that is unknown, or that may be one of several
 */
export async function findPlace(
  args: PlaceArguments,
  client: Client,
  signal: AbortSignal,
): Promise<Location> {
  const wanted = readPlace(args);
  if (wanted.kind === "coordinates") {
    return { latitude: wanted.latitude, longitude: wanted.longitude };
  }
  const matches = await lookUp(wanted, client, signal);
  const [first] = matches;
  // With a country the name is as exact as most people can make it, and the service puts the best match first.
  if (matches.length === 1 || (wanted.kind === "name" && wanted.isExact)) return first!;
  throw new ToolError(
    `"${wanted.text}" can be one of several places: ${matches.map(describe).join("; ")}. Find out which one is meant, and call again with its country or its coordinates.`,
    { data: { matches } },
  );
}

/**
 * Every place that can be meant: by a name or a postal code, or near coordinates.
 *
 * @throws ToolError when there is none
 */
export function findPlaces(
  args: PlaceArguments,
  client: Client,
  signal: AbortSignal,
): Promise<readonly Location[]> {
  return lookUp(readPlace(args), client, signal);
}

/** `Springfield, Illinois, US` */
export function describe({ name, state, country, latitude, longitude }: Location): string {
  const names = [name, state, country].filter((part) => part !== undefined && part !== "");
  return names.length > 0 ? names.join(", ") : `${latitude}, ${longitude}`;
}

async function lookUp(
  wanted: WantedPlace,
  client: Client,
  signal: AbortSignal,
): Promise<readonly Location[]> {
  switch (wanted.kind) {
    case "name": {
      const notFound = `OpenWeatherMap knows no place "${wanted.text}". Check the spelling, and write it as City,country code (Paris,FR) or, in the United States, as City,state code,US (Portland,OR,US).`;
      const query = { q: wanted.text, limit: String(MAX_MATCHES) };
      return someOf(
        await client.ask({ path: "geo/1.0/direct", query, parse: toLocations, notFound }, signal),
        notFound,
      );
    }
    case "coordinates": {
      const { latitude, longitude } = wanted;
      const notFound = `OpenWeatherMap knows no place near ${latitude}, ${longitude}.`;
      const query = {
        lat: String(latitude),
        lon: String(longitude),
        limit: String(MAX_MATCHES),
      };
      return someOf(
        await client.ask({ path: "geo/1.0/reverse", query, parse: toLocations, notFound }, signal),
        notFound,
      );
    }
    case "postal-code": {
      const notFound = `OpenWeatherMap knows no postal code "${wanted.text}". Check the code and the country, or name the place.`;
      const query = { zip: wanted.text };
      const parse = (answer: unknown) => [toLocation(answer)];
      return client.ask({ path: "geo/1.0/zip", query, parse, notFound }, signal);
    }
  }
}

/** For an unknown place the service answers an empty list. */
function someOf(locations: readonly Location[], notFound: string): readonly Location[] {
  if (locations.length === 0) throw new ToolError(notFound);
  return locations;
}

/** The service lists some places several times, a few streets apart. */
function toLocations(answer: unknown): readonly Location[] {
  const all = readList(answer, "", MAX_MATCHES * 2).map(toLocation);
  const names = all.map(describe);
  return all.filter((_, at) => names.indexOf(names[at]!) === at);
}

function toLocation(answer: unknown): Location {
  return {
    name: readOptionalText(answer, "name"),
    state: readOptionalText(answer, "state"),
    country: readOptionalText(answer, "country"),
    latitude: readNumber(answer, "lat"),
    longitude: readNumber(answer, "lon"),
  };
}
