import {
  openLoopbackService,
  type LoopbackService,
  type Reply,
} from "../helpers/loopback-service.ts";

export interface WeatherService extends Pick<LoopbackService, "baseUrl" | "close"> {
  /** Every request so far. */
  readonly requests: readonly URL[];
  /** Gives a path its answers, one after the other; the last one stays. */
  reply(path: string, ...replies: Reply[]): void;
}

/** A loopback server in place of api.openweathermap.org. What it has no answer for is the service's own 404. */
export async function openWeatherService(): Promise<WeatherService> {
  const service = await openLoopbackService({
    status: 404,
    body: { cod: "404", message: "Internal error" },
  });
  return {
    baseUrl: service.baseUrl,
    close: service.close,
    get requests() {
      return service.requests.map(({ url }) => url);
    },
    reply: (path, ...replies) => service.reply(`GET ${path}`, ...replies),
  };
}
