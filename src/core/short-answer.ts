import { SERVER_INFO_META_KEY } from "@modelcontextprotocol/server";
import type { ServerIdentity } from "./plugin-mcp-server.ts";
import type { SerializedResult } from "./tool-result.ts";

/** Writes the answer to a short call, as the SDK would. */
export type ShortEncoder = (id: string | number, result: SerializedResult) => string;

/** The answer is written around the result's text, which is not made a second time. */
export function createShortEncoder(identity: ServerIdentity): ShortEncoder {
  const stamp = { [SERVER_INFO_META_KEY]: identity };
  const meta = `"_meta":${JSON.stringify(stamp)}`;
  return (id, { result, json }) => {
    const inner =
      result._meta === undefined ? `${json.slice(0, -1)},${meta}}` : stamped(json, stamp);
    return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"resultType":"complete",${inner.slice(1)}}`;
  };
}

function stamped(json: string, stamp: object): string {
  const { _meta, ...result } = JSON.parse(json) as { _meta?: object };
  return JSON.stringify({ ...result, _meta: { ..._meta, ...stamp } });
}
