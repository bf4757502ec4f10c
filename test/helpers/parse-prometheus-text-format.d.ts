declare module "parse-prometheus-text-format" {
  const parse: (text: string) => {
    readonly name: string;
    readonly type: string;
    readonly metrics: readonly {
      readonly value: string;
      readonly labels?: Readonly<Record<string, string>>;
    }[];
  }[];
  export default parse;
}
