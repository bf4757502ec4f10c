/** What an answer says of the weather at one time in the same way, whether of now or of a time to come. */
import { readList, readNumber, readOptionalNumber, readText } from "./read-answer.ts";
import { round, toDirection } from "./units.ts";

export interface Wind {
  readonly speed: number;
  readonly gust?: number | undefined;
  /** Where it blows from, such as `NNE`. */
  readonly from?: string | undefined;
}

/** There may be several, such as rain and mist. @throws UnexpectedAnswer */
export function readConditions(from: unknown): string {
  return readList(from, "weather", 10)
    .map((it) => readText(it, "description"))
    .join(", ");
}

/** @throws UnexpectedAnswer */
export function readWind(from: unknown): Wind {
  const degrees = readOptionalNumber(from, "wind.deg");
  const gust = readOptionalNumber(from, "wind.gust");
  return {
    speed: round(readNumber(from, "wind.speed")),
    gust: gust === undefined ? undefined : round(gust),
    from: degrees === undefined ? undefined : toDirection(degrees),
  };
}
