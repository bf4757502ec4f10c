import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort } from "../helpers/free-port.ts";
import { ROOT } from "../helpers/server-process.ts";
import { runProgram, startListener } from "./programs.ts";

/** Whom the configurations are for, as they stand in the repository. */
export const NAME = "mcp.example.org";

/** A reverse proxy with the repository's configuration, of which only ports and files are other ones. */
export interface RunningProxy {
  readonly port: number;
  /** Where it speaks without TLS; `null` where it does not. */
  readonly plainPort: number | null;
  /** What it has written into its access log. */
  log(): string;
  stop(): Promise<void>;
}

export interface ProxyProgram {
  readonly program: string;
  /** @param folder for what it writes; it has `cert.pem` and `key.pem` */
  readonly start: (folder: string, upstream: number) => Promise<RunningProxy>;
  /** What it answers a request for a host that it does not know. */
  readonly stranger: { readonly status: number; readonly text: unknown };
}

export const PROXIES: readonly ProxyProgram[] = [
  {
    program: "nginx",
    start: startNginx,
    // It asks the server, which refuses.
    stranger: { status: 403, text: expect.stringContaining("HOST_REFUSED") },
  },
  { program: "caddy", start: startCaddy, stranger: { status: 200, text: "" } },
];

/** A certificate of nobody's for the name in the configurations. */
export function makeCertificate(folder: string): { readonly ca: string } {
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  const subject = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`];
  const kind = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");
  const { status, stderr } = runProgram("openssl", ["req", "-x509", ...kind, ...subject, ...files]);
  if (status !== 0) throw new Error(stderr);
  return { ca: readFileSync(join(folder, "cert.pem"), "utf8") };
}

async function startNginx(folder: string, upstream: number): Promise<RunningProxy> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const site = adapt(readFileSync(join(ROOT, "deploy/nginx/mcp-plugin-server.conf"), "utf8"), {
    "server 127.0.0.1:3000;": `server 127.0.0.1:${upstream};`,
    "listen 80;": `listen 127.0.0.1:${plainPort};`,
    "listen [::]:80;": "",
    "listen 443 ssl http2;": `listen 127.0.0.1:${port} ssl http2;`,
    "listen [::]:443 ssl http2;": "",
    "/etc/letsencrypt/live/mcp.example.org/fullchain.pem": join(folder, "cert.pem"),
    "/etc/letsencrypt/live/mcp.example.org/privkey.pem": join(folder, "key.pem"),
    "/var/log/nginx/mcp-plugin-server.log": join(folder, `${port}.log`),
  });
  writeFileSync(join(folder, `${port}.site`), site);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(folder, `${port}.${kind}`)};`)
    .join("\n");
  const main = join(folder, `${port}.conf`);
  writeFileSync(
    main,
    `daemon off; master_process off; error_log stderr; pid ${join(folder, `${port}.pid`)};
    events {}
    http { ${temporary} include ${join(folder, `${port}.site`)}; }`,
  );
  const stop = await startListener("nginx", ["-e", "stderr", "-c", main], port);
  return { port, plainPort, log: () => readFileSync(join(folder, `${port}.log`), "utf8"), stop };
}

async function startCaddy(folder: string, upstream: number): Promise<RunningProxy> {
  const port = await freePort();
  const log = join(folder, `${port}.log`);
  const config = adapt(readFileSync(join(ROOT, "deploy/caddy/Caddyfile"), "utf8"), {
    "auto_https disable_redirects": `auto_https disable_redirects\nadmin off\nhttps_port ${port}`,
    "\nmcp.example.org {": `\nhttps://${NAME}:${port} {
      bind 127.0.0.1
      tls ${join(folder, "cert.pem")} ${join(folder, "key.pem")}`,
    "127.0.0.1:3000": `127.0.0.1:${upstream}`,
    "/var/log/caddy/mcp-plugin-server.log": log,
  });
  const file = join(folder, `${port}.caddy`);
  writeFileSync(file, config);
  const args = ["run", "--config", file, "--adapter", "caddyfile"];
  const home = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const stop = await startListener("caddy", args, port, home);
  return { port, plainPort: null, log: () => readFileSync(log, "utf8"), stop };
}

/** Replaces what a machine under test cannot have. Each must be there: else something else is tested than what is shipped. */
function adapt(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((adapted, [from, to]) => {
    if (!adapted.includes(from)) throw new Error(`The configuration has no ${from}`);
    return adapted.replaceAll(from, to);
  }, text);
}
