import { ToolError } from "mcp-plugin-server/plugin";

/** One way to say where: a name, coordinates, or a postal code with its country. */
export interface PlaceArguments {
  readonly place?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly postalCode?: string;
  readonly country?: string;
}

/** What the arguments say. Of a name it is exact that says all that the service can go by. */
export type WantedPlace =
  | { readonly kind: "name"; readonly text: string; readonly isExact: boolean }
  | { readonly kind: "postal-code"; readonly text: string }
  | { readonly kind: "coordinates"; readonly latitude: number; readonly longitude: number };

/** @throws ToolError for arguments that say no place, or several */
export function readPlace(args: PlaceArguments): WantedPlace {
  const { place, latitude, longitude, postalCode, country } = args;
  const ways = [place, latitude ?? longitude, postalCode].filter((way) => way !== undefined);
  if (ways.length === 1) {
    if (place !== undefined) {
      const parts = place
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
      const last = parts.at(-1)?.toUpperCase();
      if (country !== undefined && last !== country.toUpperCase()) parts.push(country);
      // In the United States it takes the state, too.
      const isExact = parts.length > 2 || (parts.length === 2 && !/^us$/i.test(parts[1]!));
      if (last !== undefined) return { kind: "name", text: parts.join(","), isExact };
    } else if (postalCode !== undefined && country !== undefined) {
      return { kind: "postal-code", text: `${postalCode.trim()},${country}` };
    } else if (latitude !== undefined && longitude !== undefined) {
      return { kind: "coordinates", latitude, longitude };
    }
  }
  throw new ToolError(
    "Say where in one way: place, or latitude and longitude, or postalCode and country.",
  );
}
