import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

/** `/openapi.json`, as far as a test looks at it. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

/** Says what about an answer is not as the document says; `null` when all is, or the path is none of the document's. */
export type CheckAnswer = (
  method: string,
  path: string,
  answer: { readonly status: number; readonly type: string | null; readonly json: unknown },
) => string | null;

/** Holds answers against the document: status, content type and, of JSON, the schema. */
export function createApiContract({ paths, components }: ApiDocument): CheckAnswer {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  const rows = Object.entries(paths).map(([name, operations]) => ({
    name,
    pattern: new RegExp(`^${name.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    operations,
  }));
  return (method, path, { status, type, json }) => {
    const [bare = ""] = path.split("?");
    const found = rows.filter(({ pattern }) => pattern.test(bare));
    const row = found.find(({ operations }) => operations[method.toLowerCase()] !== undefined);
    const operation = row?.operations[method.toLowerCase()];
    if (operation === undefined) return null;
    const name = `${method} ${row!.name} ${status}`;
    const response = operation.responses[String(status)];
    if (response === undefined) return `${name}: the document does not say so`;
    const said = Object.keys(response.content ?? {});
    const sent = type?.split(";")[0] ?? null;
    const isSaid = sent === null ? said.length === 0 : said.includes(sent);
    if (!isSaid) return `${name}: it is ${sent}, not ${said.join(" or ")}`;
    const schema = response.content?.[sent ?? ""]?.schema;
    if (schema === undefined) return null;
    const validate = ajv.compile({ ...schema, components });
    return validate(json) ? null : `${name}: ${ajv.errorsText(validate.errors)}`;
  };
}
