/** `docs/api-routes.md`, made of the routes' contracts. */

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: BodySchema }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, object>> }
    >
  >;
}

interface BodySchema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
  readonly required?: readonly string[];
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const HEAD = `# Routes of the admin API

This page is made of the routes' contracts (\`npm test -- test/docs/api.test.ts -u\`). Members of a body in bold must be there.
Besides what is named, a request may be refused by its Host or Origin (403), its token (401, 403), its query (400), its body (413,
422), how often it comes (429), the server's load (503) or a fault of the server (500).
`;

export function apiReference({ paths }: ApiDocument): string {
  const byTag = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [tag = ""] = operation.tags;
      const lines = byTag.get(tag) ?? [];
      lines.push(describe(method.toUpperCase(), path, operation));
      byTag.set(tag, lines);
    }
  }
  const sections = [...byTag]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([tag, entries]) => `## ${tag}\n\n${entries.join("\n")}\n`);
  return [HEAD, ...sections].join("\n");
}

function describe(method: string, path: string, operation: Operation): string {
  const { summary, description = "Needs nothing.", parameters = [], responses } = operation;
  const query = parameters.filter((each) => each.in === "query").map(({ name }) => `\`${name}\``);
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const required = new Set(schema?.required);
  const body = Object.keys(schema?.properties ?? {}).map((name) =>
    required.has(name) ? `**\`${name}\`**` : `\`${name}\``,
  );
  const answers = Object.entries(responses).filter(([status]) => status < "400");
  const problems = Object.entries(responses)
    .filter(([status]) => status >= "400")
    .flatMap(([, response]) => response.description.split(", "))
    // These go without saying.
    .filter((code) => !COMMON.has(code));
  const parts = [
    `- \`${method} ${path}\` — ${summary} ${description}`,
    query.length > 0 ? `Query: ${query.join(", ")}.` : "",
    body.length > 0 ? `Body: ${body.join(", ")}.` : "",
    `Answers ${answers.map(([status, { content }]) => answerOf(status, content)).join(" or ")}.`,
    problems.length > 0 ? `Problems: ${problems.map((code) => `\`${code}\``).join(", ")}.` : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}

const COMMON = new Set([
  "HOST_REFUSED",
  "ORIGIN_REFUSED",
  "RATE_LIMITED",
  "OVERLOADED",
  "UNAUTHENTICATED",
  "CSRF_REFUSED",
  "FORBIDDEN",
  "QUERY_INVALID",
  "BODY_INVALID",
  "BODY_TOO_LARGE",
  "INTERNAL",
]);

function answerOf(status: string, content: Readonly<Record<string, object>> = {}): string {
  const [type] = Object.keys(content);
  return type === undefined || type === "application/json" ? status : `${status} \`${type}\``;
}
