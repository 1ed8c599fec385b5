/**
 * A TCP fault proxy that speaks Toxiproxy's HTTP API, so that one client drives it and the real server alike. Beyond
 * that server it keeps to a seed (each decision is a function of seed, proxy, stream and ordinal of the connection),
 * knows four toxics more (`blocked`, `loss`, `tamper`, `cut`), and tells what each toxic acted on. What it does other
 * than the real one stands in `differences.ts`; both run one conformance suite.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseSeed } from "../../scenarios/draw.ts";
import { ApiError, badBody } from "./api-error.ts";
import { renderAddress } from "./address.ts";
import { EventLog } from "./event-log.ts";
import type { FaultProxyEvent } from "./event-log.ts";
import { Routes } from "./routes.ts";
import type { Answer } from "./routes.ts";

export interface FaultProxyOptions {
  /** Of the API. */
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  /** `0x…`, as in a plan. */
  readonly seed: string;
  readonly onEvent?: (event: FaultProxyEvent) => void;
}

export interface FaultProxy {
  readonly url: string;
  /** Ends every connection and frees every port. */
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 1024 * 1024;

/** Rejects when the API cannot listen there, or the seed is none. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const seed = parseSeed(options.seed);
  if (seed === undefined) throw new RangeError(`a fault proxy was given the seed "${options.seed}": no 64 bits in hex`);
  const routes = new Routes(seed, new EventLog(options.onEvent));
  const server = createServer((request, response) => void serve(routes, request, response));
  // Shorter, and a client would now and then use a connection that is being closed.
  server.keepAliveTimeout = 60_000;
  server.on("clientError", (_error, socket) => {
    const body = JSON.stringify({ error: "bad request", status: 400 });
    const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    if (socket.writable) socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${renderAddress({ host: address, port })}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await routes.close();
      await closed;
    },
  };
}

async function serve(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer;
  try {
    answer = await routes.answer(await read(request));
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 500;
    answer = { status, body: { error: error instanceof Error ? error.message : String(error), status } };
  }
  response.statusCode = answer.status;
  if (answer.body === undefined) {
    response.end();
    return;
  }
  response.setHeader("Content-Type", "application/json");
  response.end(`${JSON.stringify(answer.body)}\n`);
}

async function read(message: IncomingMessage): Promise<Parameters<Routes["answer"]>[0]> {
  // Toxiproxy's guard against web pages that talk to a server of their visitor's.
  if (message.headers["user-agent"]?.startsWith("Mozilla/")) throw new ApiError("User agent not allowed", 403);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // What is too much is read all the same, or the answer would not arrive.
    if (sizeBytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  if (sizeBytes > BODY_BYTES_MAX) throw new ApiError(`bad request body: more than ${BODY_BYTES_MAX} bytes`, 413);
  const [path, query = ""] = (message.url ?? "/").split("?", 2);
  return {
    method: message.method ?? "GET",
    segments: path!.split("/").slice(1).map(decodeSegment),
    query: new URLSearchParams(query),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badBody("the path is not well encoded");
  }
}
