import { expect, it } from "vitest";
import { createProcessStats } from "../../adapters/node/process-stats.ts";
import { createPlugin } from "../helpers/manager.ts";
import { modern } from "../helpers/mcp.ts";
import { ADMIN_TOKEN } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";

it.each(WAYS)("a call is seen in events, metrics and /metrics, $way", async ({ open }) => {
  const runtimeStats = createProcessStats();
  const app = await open({ plugins: { demo: createPlugin("demo") }, deps: { runtimeStats } });
  const stream = await app.request("/api/events", { key: ADMIN_TOKEN });
  expect(stream.status).toBe(200);
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  await modern(app, "tools/call", { name: "demo_echo" });
  let text = "";
  while (!text.includes("call.ended")) text += (await reader.read()).value;
  expect(text).toContain("demo_echo");

  expect((await app.request("/metrics")).status).toBe(403);
  const scraped = await app.request("/metrics", { key: ADMIN_TOKEN });
  expect(await scraped.text()).toContain(
    'mcp_tool_calls_total{plugin="demo",tool="demo_echo",outcome="ok"} 1',
  );
  const summary = await (await app.request("/api/metrics", { key: ADMIN_TOKEN })).json();
  expect(summary).toMatchObject({ calls: { calls: 1 } });

  await app.close();
  for (let isOpen = true; isOpen;) isOpen = !(await reader.read()).done;
  runtimeStats.close();
});
