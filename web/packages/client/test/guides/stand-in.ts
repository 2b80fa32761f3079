/** A small HTTP server of the test's own on a free port. */

/// <reference types="node" />
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  token: string | null;
  body: string;
}

export interface Answer {
  status?: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
}

export interface StandIn {
  url: string;
  asked: Asked[];
  close: () => Promise<void>;
}

export async function standIn(answer: (asked: Asked) => Answer | Promise<Answer>): Promise<StandIn> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => void serve(request, response, asked, answer));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, close: () => closed(server) };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  all: Asked[],
  answer: (asked: Asked) => Answer | Promise<Answer>,
): Promise<void> {
  let body = "";
  for await (const part of request) body += String(part);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
  const token = request.headers.authorization?.replace("Bearer ", "") ?? null;
  const asked = { method: request.method ?? "", path: pathname, query: searchParams, token, body };
  all.push(asked);
  const { status = 200, json, text, headers } = await answer(asked);
  response.writeHead(status, headers);
  response.end(json === undefined ? text : JSON.stringify(json));
}

function closed(server: HttpServer): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
