import fc from "fast-check";

/** Values that break careless code, beside any others. */
const odd = fc.constantFrom<unknown>(
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "\u0000",
  "\ud800",
  "../../etc/passwd",
  "%2e%2e%2f",
  "${jndi:ldap://x}",
  "<script>alert(1)</script>",
  "' or 1=1 --",
  Number.MAX_SAFE_INTEGER,
  -1,
  1e308,
  0.1,
  null,
  true,
  "",
  [],
  {},
);

/** Any JSON value, some of it odd. */
export const json = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: odd },
);

const METHODS = [
  "tools/call",
  "tools/list",
  "resources/read",
  "resources/list",
  "resources/subscribe",
  "prompts/get",
  "prompts/list",
  "completion/complete",
  "initialize",
  "server/discover",
  "ping",
  "logging/setLevel",
  "notifications/cancelled",
  "notifications/initialized",
  "subscriptions/listen",
];

const META = "io.modelcontextprotocol/";

const ENVELOPE = {
  [`${META}protocolVersion`]: "2026-07-28",
  [`${META}clientCapabilities`]: {},
  [`${META}clientInfo`]: { name: "fuzz", version: "1" },
};

/** Requests of 2026-07-28 whose form is right, so that what they ask for is looked at. */
const goodRpc = fc
  .record({
    method: fc.oneof(
      { weight: 3, arbitrary: fc.constant("tools/call") },
      fc.constantFrom("tools/list", "resources/list", "prompts/list", "server/discover"),
    ),
    id: fc.oneof(fc.integer(), fc.string({ minLength: 1 })),
    name: fc.oneof(
      { weight: 5, arbitrary: fc.constant("one_echo") },
      fc.constantFrom("one_fail", "one_nobody"),
    ),
    arguments: fc.dictionary(fc.string(), json),
    _meta: fc.record({ progressToken: fc.string(), other: json }, { requiredKeys: [] }),
  })
  .map(({ method, id, _meta, ...call }) => {
    const params = { ...(method === "tools/call" && call), _meta: { ..._meta, ...ENVELOPE } };
    return JSON.stringify({ jsonrpc: "2.0", id, method, params });
  });

/** Texts that are JSON-RPC, nearly so, or nothing like it. */
export const rpcText = fc.oneof(
  { weight: 8, arbitrary: goodRpc },
  {
    weight: 5,
    arbitrary: fc
      .record(
        {
          jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, json),
          id: fc.oneof(fc.integer(), fc.string(), json),
          method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...METHODS) }, fc.string()),
          params: fc.oneof(
            fc.record(
              {
                name: fc.oneof(fc.constantFrom("one_echo", "one_fail", "one_nobody"), json),
                arguments: json,
                uri: fc.oneof(fc.webUrl(), json),
                cursor: json,
                _meta: fc.oneof(
                  fc.record({
                    [`${META}protocolVersion`]: fc.oneof(fc.constant("2026-07-28"), json),
                    [`${META}clientCapabilities`]: fc.oneof(fc.constant({}), json),
                    [`${META}clientInfo`]: fc.oneof(
                      fc.constant({ name: "fuzz", version: "1" }),
                      json,
                    ),
                    progressToken: json,
                  }),
                  json,
                ),
                requestState: json,
                inputResponses: json,
              },
              { requiredKeys: [] },
            ),
            json,
          ),
          result: json,
        },
        { requiredKeys: [] },
      )
      .map((message) => JSON.stringify(message)),
  },
  { weight: 1, arbitrary: json.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.array(json, { maxLength: 5 }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
);

const shortText = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary);
const some = (members: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(members, { requiredKeys: [] });

/** Bodies of the right form, by route; of those that make nothing new, or a hundred thousand of it would be there. */
export const goodBodies: Readonly<Record<string, fc.Arbitrary<object>>> = {
  "PUT /api/clients/:id": some({
    name: shortText,
    plugins: maybe(fc.array(fc.constantFrom("one", "two"))),
    tools: maybe(fc.array(shortText)),
    readOnly: fc.boolean(),
    callsPerMinute: maybe(fc.integer({ min: 1, max: 1_000_000 })),
    expiresAt: maybe(fc.integer({ min: 1, max: 8.64e15 })),
  }),
  "PUT /api/tokens/:id": some({
    name: shortText,
    scopes: fc.subarray(["viewer", "operator", "auditor", "audit:read"], { minLength: 1 }),
    expiresAt: maybe(fc.integer({ min: 1, max: 8.64e15 })),
  }),
  "PUT /api/tools/:plugin/:tool": some({
    description: maybe(shortText),
    enabled: fc.boolean(),
  }),
  "POST /api/tools/:name/call": fc.record({ arguments: fc.dictionary(fc.string(), json) }),
};

/** What may stand in a header: anything but what no HTTP stack lets through. */
const headerText = fc
  .string({ unit: "binary-ascii", maxLength: 80 })
  .map((text) => text.replaceAll(/[^\x20-\x7e]/g, "").trim());

const HEADERS = [
  "accept",
  "authorization",
  "content-type",
  "content-length",
  "cookie",
  "host",
  "if-match",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-param-x",
  "mcp-protocol-version",
  "mcp-session-id",
  "origin",
  "sec-fetch-site",
  "x-csrf-token",
  "x-forwarded-for",
  "forwarded",
  "transfer-encoding",
];

export const headers = fc.dictionary(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...HEADERS) },
    fc.stringMatching(/^[a-z-]{1,20}$/),
  ),
  fc.oneof(
    headerText,
    fc.constantFrom(
      "application/json",
      "text/event-stream",
      "*/*",
      "localhost",
      "evil.example",
      "null",
      "2026-07-28",
      "2025-11-25",
      "same-origin",
      "Bearer x",
    ),
  ),
  { maxKeys: 8 },
);
