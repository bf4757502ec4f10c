import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { currentAnswer, forecastAnswer, TOO_MANY, WRONG_KEY } from "./openweathermap-answers.ts";
import { openWeather } from "./openweathermap-host.ts";
import type { Reply } from "../helpers/loopback-service.ts";

const AT = { latitude: 38.7, longitude: -9.1 };
const PATH = "/data/2.5/weather";
const UNEXPECTED =
  "OpenWeatherMap answered something unexpected. Try again later; if that does not help, tell the server's administrator.";
const WRONG_KEY_SENTENCE =
  "OpenWeatherMap does not accept this server's API key: it is wrong, or not active yet. A new key can take up to two hours. If it is older, the server's administrator must store another as the credential \"api_key\".";
const drop: Reply = (response) => void response.destroy();

describe("a refusal of the service", () => {
  it.each([
    {
      name: "401",
      status: 401,
      reply: { status: 401, body: WRONG_KEY },
      message: WRONG_KEY_SENTENCE,
    },
    {
      name: "401 in the body alone",
      status: 401,
      reply: { body: { ...WRONG_KEY, cod: "401" } },
      message: WRONG_KEY_SENTENCE,
    },
    {
      name: "404",
      status: 404,
      reply: { status: 404, body: { cod: "404", message: "city not found" } },
      message: "OpenWeatherMap knows no weather for 38.7, -9.1.",
    },
    {
      name: "400, with the service's own words",
      status: 400,
      reply: { status: 400, body: { cod: "400", message: "wrong latitude." } },
      message: "OpenWeatherMap refused the request with status 400: wrong latitude.",
    },
    {
      name: "403 that is not JSON",
      status: 403,
      reply: { status: 403, body: "<h1>Forbidden</h1>" },
      message: "OpenWeatherMap refused the request with status 403.",
    },
    {
      name: "400 with words without end",
      status: 400,
      reply: { status: 400, body: { message: "x".repeat(201) } },
      message: "OpenWeatherMap refused the request with status 400.",
    },
    {
      name: "400 with a message that is no text",
      status: 400,
      reply: { status: 400, body: { message: { a: 1 } } },
      message: "OpenWeatherMap refused the request with status 400.",
    },
  ])("is explained: $name", async ({ status, reply, message }) => {
    const { call, service, host } = await openWeather();
    service.reply(PATH, reply);
    await expect(call("current_weather", AT)).rejects.toMatchObject({ name: "ToolError", message });
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog).toMatchObject([
      {
        level: status === 404 ? "info" : "warn",
        message: "A request to OpenWeatherMap failed",
        fields: { path: "data/2.5/weather", reason: `status ${status}` },
      },
    ]);
  });

  it.each([
    { header: { "retry-after": "60" }, when: "in 60 seconds", seconds: 60 },
    { header: {}, when: "later", seconds: null },
    { header: { "retry-after": "Wed, 01 Jul 2026 13:00:00 GMT" }, when: "later", seconds: null },
  ])("for too many calls says to try again $when", async ({ header, when, seconds }) => {
    const { call, service } = await openWeather();
    service.reply(PATH, { status: 429, headers: header, body: TOO_MANY });
    await expect(call("current_weather", AT)).rejects.toMatchObject({
      name: "ToolError",
      message: `OpenWeatherMap's limit of requests for this server's API key is reached. Try again ${when}.`,
      data: { retryAfterSeconds: seconds },
    });
    expect(service.requests).toHaveLength(1);
  });

  it("of the geocoder is explained like any other", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/direct", { status: 401, body: WRONG_KEY });
    await expect(call("forecast", { place: "Lisbon" })).rejects.toThrow(WRONG_KEY_SENTENCE);
  });
});

describe("a service that is broken", () => {
  it.each<{ name: string; reply: Reply }>([
    { name: "answers 500", reply: { status: 500, body: { cod: 500, message: "Internal" } } },
    { name: "answers 503 without JSON", reply: { status: 503, body: "busy" } },
    { name: "says 502 in the body alone", reply: { body: { cod: "502" } } },
    { name: "hangs up", reply: drop },
    {
      name: "hangs up in the middle",
      reply: (response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"main":', () => response.destroy());
      },
    },
  ])("is asked once more when it $name", async ({ reply }) => {
    const { call, service, host } = await openWeather();
    service.reply(PATH, reply, { body: currentAnswer() });
    expect((await call("current_weather", AT)).structuredContent.temperature).toBe(21.5);
    expect(service.requests).toHaveLength(2);
    expect(host.serverLog).toEqual([]);
  });

  it.each<{ name: string; reply: Reply; reason: string }>([
    {
      name: "it answers 503",
      reply: { status: 503, body: {} },
      reason: "it answers with status 503",
    },
    { name: "it hangs up", reply: drop, reason: "it cannot be reached" },
  ])("is asked twice and no more: $name", async ({ reply, reason }) => {
    const { call, service } = await openWeather();
    service.reply(PATH, reply);
    await expect(call("current_weather", AT)).rejects.toMatchObject({
      name: "ToolError",
      message: `OpenWeatherMap is not available: ${reason}. Try again later.`,
    });
    expect(service.requests).toHaveLength(2);
  });

  it("is not there at all", async () => {
    const { call, service } = await openWeather();
    await service.close();
    await expect(call("current_weather", AT)).rejects.toThrow("it cannot be reached");
  });

  it.each<{ name: string; reply: Reply }>([
    { name: "before its answer", reply: () => {} },
    {
      name: "within its answer",
      reply: (response) => {
        response.writeHead(200);
        response.write("{");
      },
    },
  ])("is left alone when it takes too long $name", async ({ reply }) => {
    const { call, service } = await openWeather({ timeoutMs: 150 });
    service.reply(PATH, reply);
    await expect(call("current_weather", AT)).rejects.toMatchObject({
      name: "ToolError",
      message: "OpenWeatherMap is not available: it did not answer in 150 ms. Try again later.",
    });
    expect(service.requests).toHaveLength(1);
  });

  it("gets no second try beyond the time limit", async () => {
    const { call, service } = await openWeather({ timeoutMs: 100 });
    service.reply(PATH, { status: 503, body: {} });
    await expect(call("current_weather", AT)).rejects.toThrow("it did not answer in 100 ms");
    expect(service.requests).toHaveLength(1);
  });
});

describe("an answer that is not as documented", () => {
  const entry = forecastAnswer().list[0];
  const city = forecastAnswer().city;
  it.each<{ tool?: string; path?: string; name: string; reply: Reply; reason: string }>([
    { name: "HTML", reply: { body: "<html>" }, reason: "not JSON" },
    { name: "nothing", reply: { body: "" }, reason: "not JSON" },
    { name: "null", reply: { body: "null" }, reason: "timezone is missing" },
    { name: "a list", reply: { body: [] }, reason: "timezone is missing" },
    {
      name: "a text for a number",
      reply: { body: currentAnswer({ main: { temp: "21", feels_like: 1, humidity: 1 } }) },
      reason: "main.temp is not a number",
    },
    {
      name: "a time beyond all times",
      reply: { body: currentAnswer({ dt: 1e20 }) },
      reason: "dt is not a time",
    },
    {
      name: "an offset of a week",
      reply: { body: currentAnswer({ timezone: 604_800 }) },
      reason: "timezone is not an offset",
    },
    {
      name: "no conditions",
      reply: { body: currentAnswer({ weather: "rain" }) },
      reason: "weather is not a list of at most 10",
    },
    {
      name: "a name without end",
      reply: { body: currentAnswer({ name: "x".repeat(201) }) },
      reason: "name is not a short text",
    },
    {
      tool: "forecast",
      path: "/data/2.5/forecast",
      name: "41 steps",
      reply: { body: { list: Array.from({ length: 41 }, () => entry), city } },
      reason: "list is not a list of at most 40",
    },
    {
      tool: "find_places",
      path: "/geo/1.0/reverse",
      name: "a place without coordinates",
      reply: { body: [{ name: "Lisbon" }] },
      reason: "lat is missing",
    },
    {
      tool: "find_places",
      path: "/geo/1.0/reverse",
      name: "an object for places",
      reply: { body: { name: "Lisbon" } },
      reason: "the answer is not a list of at most 10",
    },
  ])("is refused: $name", async ({ tool = "current_weather", path = PATH, reply, reason }) => {
    const { call, service, host } = await openWeather();
    service.reply(path, reply);
    await expect(call(tool, AT)).rejects.toMatchObject({
      name: "ToolError",
      message: UNEXPECTED,
    });
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog.map(({ fields }) => fields)).toEqual([{ path: path.slice(1), reason }]);
  });

  it.each([301, 302, 303, 307, 308])("is not followed to another place: %i", async (status) => {
    const { call, service, host } = await openWeather();
    service.reply("/elsewhere", { body: currentAnswer() });
    service.reply(PATH, (response, request) => {
      response.writeHead(status, { location: `/elsewhere${request.url.search}` }).end();
    });
    await expect(call("current_weather", AT)).rejects.toThrow(UNEXPECTED);
    expect(service.requests.map(({ pathname }) => pathname)).toEqual([PATH]);
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual(["a redirect"]);
  });

  it("is read to 1 MiB", async () => {
    const { call, service } = await openWeather();
    const text = JSON.stringify(currentAnswer());
    const filled = text + " ".repeat(1024 * 1024 - text.length);
    service.reply(PATH, { body: filled }, { body: `${filled} ` });
    expect((await call("current_weather", AT)).structuredContent.temperature).toBe(21.5);
    await expect(call("current_weather", { ...AT, units: "standard" })).rejects.toThrow(UNEXPECTED);
    expect(service.requests).toHaveLength(2);
  });

  it("without an end is cut off", async () => {
    const { call, service, host } = await openWeather();
    const closed = vi.fn<() => void>();
    service.reply(PATH, (response) => {
      response.on("close", closed);
      const pour = () => {
        if (!response.destroyed) response.write(" ".repeat(64 * 1024), () => setImmediate(pour));
      };
      pour();
    });
    await expect(call("current_weather", AT)).rejects.toThrow(UNEXPECTED);
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual(["more than 1 MiB"]);
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  });
});

describe("a call that is cancelled", () => {
  it("ends its request", async () => {
    const { call, service, host } = await openWeather();
    const closed = vi.fn<() => void>();
    const cancelled = new AbortController();
    service.reply(PATH, (response) => {
      response.on("close", closed);
      cancelled.abort(new Error("enough"));
    });
    await expect(call("current_weather", AT, cancelled.signal)).rejects.toThrow("enough");
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(host.serverLog).toEqual([]);
  });

  it("gets no second try, and waits for none", async () => {
    const { call, service } = await openWeather();
    const cancelled = new AbortController();
    const later = new Promise((resolve) => {
      service.reply(PATH, (response) => {
        response.writeHead(503).end();
        setTimeout(() => cancelled.abort(new Error("enough")), 50);
        // The second try would come 200 ms after the answer. However late timers are, they keep their order.
        setTimeout(resolve, 190, "later");
      });
    });
    const ended = call("current_weather", AT, cancelled.signal).catch(String);
    expect(await Promise.race([ended, later])).toBe("Error: enough");
    await sleep(300);
    expect(service.requests).toHaveLength(1);
  });

  it("before it begins asks nobody", async () => {
    const { call, service } = await openWeather();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(call("current_weather", AT, signal)).rejects.toThrow("enough");
    expect(service.requests).toEqual([]);
  });
});

describe("a service that this server may not ask", () => {
  it("is not asked a second time, and the administrator learns why", async () => {
    const { call, host } = await openWeather({ baseUrl: "https://10.0.0.1" });
    await expect(call("current_weather", AT)).rejects.toThrow(
      "This server sends no requests to the address in the setting baseUrl.",
    );
    expect(host.serverLog).toHaveLength(1);
    expect(host.serverLog[0]?.fields["reason"]).toContain("this machine alone");
  });
});
