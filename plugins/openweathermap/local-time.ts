const WEEKDAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
] as const;

/** `2026-07-01T14:00:00+02:00` for seconds since 1970 and the seconds by which the place is ahead of UTC. */
export function toLocalTime(seconds: number, offsetSeconds: number): string {
  return `${shifted(seconds, offsetSeconds).toISOString().slice(0, 19)}${toOffset(offsetSeconds)}`;
}

/** `+02:00` */
export function toOffset(offsetSeconds: number): string {
  const minutes = Math.round(Math.abs(offsetSeconds) / 60);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${offsetSeconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The date where the place is, such as `2026-07-01`. */
export function toLocalDate(seconds: number, offsetSeconds: number): string {
  return shifted(seconds, offsetSeconds).toISOString().slice(0, 10);
}

/** In English. */
export function toWeekday(date: string): string {
  return WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()]!;
}

/** A date whose UTC parts are the local ones of the place. */
function shifted(seconds: number, offsetSeconds: number): Date {
  return new Date((seconds + offsetSeconds) * 1_000);
}
