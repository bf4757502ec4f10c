#!/bin/sh
# /usr/local/sbin/mcp-admin: a command of the server that systemd runs, as root: mcp-admin plugin list.
# It goes through the server, and opens none of its data. `audit` opens them: the nightly unit checks the record instead.
set -eu
MCP_DATA_DIR=/var/lib/mcp-plugin-server
MCP_CONFIG=/etc/mcp-plugin-server/plugins.json
MCP_ADMIN_TOKEN_FILE=/etc/mcp-plugin-server/admin-token
export MCP_DATA_DIR MCP_CONFIG MCP_ADMIN_TOKEN_FILE
exec /usr/bin/node /opt/mcp-plugin-server/current/adapters/node/main.ts "$@"
