import parse from "parse-prometheus-text-format";

/** Labels with the value, as Prometheus writes it, under `value`. */
export type PrometheusSample = Readonly<Record<string, string>>;

/** Reads an exposition by somebody else's parser: samples by the name of their line. */
export function readPrometheus(text: string): ReadonlyMap<string, readonly PrometheusSample[]> {
  // It leaves out the labels of histograms. Without their type it reads their lines as they stand.
  const families = parse(text.replaceAll(/^# TYPE \w+ histogram$/gm, "# a histogram"));
  return new Map(
    families.map(({ name, metrics }) => [
      name,
      metrics.map(({ labels, value }) => ({ ...labels, value })),
    ]),
  );
}
