import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { announce } from "./child.ts";

/** The floor: Express, Hono, JSON in and out, and nothing between. */
const app = new Hono();
app.post("/mcp", async (c) => c.json(await c.req.json()));
const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
const server = express();
server.use((request, response) => void listener(request, response));
const http = server.listen(0, "127.0.0.1", () => {
  announce({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` });
});
