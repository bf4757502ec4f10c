# syntax=docker/dockerfile:1
# The server as a container. compose.yaml runs it, and docs/deployment.md says what it needs.

# Debian with glibc. For builds that are the same for ever, name the image by its digest: node:26-slim@sha256:…
ARG NODE_IMAGE=node:26-slim

# What runs: production packages alone. No package's script is run; better-sqlite3 brings its binaries along.
FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json tsconfig.json ./
COPY scripts ./scripts
COPY drizzle ./drizzle
COPY src ./src
COPY plugins ./plugins
COPY adapters ./adapters
RUN npm run build

FROM ${NODE_IMAGE}
# Nothing is installed into a container that runs. And /data is the server's alone; a new volume gets its owner and mode.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn-* \
  && groupadd --gid 10001 mcp \
  && useradd --uid 10001 --gid mcp --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mcp \
  && install -d -m 0700 -o mcp -g mcp /data \
  && ln -s /app/dist/adapters/node/main.js /usr/local/bin/mcp-plugin-server
WORKDIR /app
COPY package.json LICENSE ./
COPY config ./config
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist

# 0.0.0.0 is the container. It needs an https PUBLIC_URL (a proxy in front does TLS) or TLS_CERT_FILE and TLS_KEY_FILE; without,
# the server refuses to start and says so.
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  PORT=3000 \
  LOG_FORMAT=json \
  MCP_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 3000
# It asks its own container, whose certificate is of another name.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; fetch(`http${process.env.TLS_CERT_FILE ? 's' : ''}://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["mcp-plugin-server"]
CMD ["serve"]
