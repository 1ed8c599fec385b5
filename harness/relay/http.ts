/**
 * The relay's HTTP: three pages for whoever watches over it, and nothing else. No page needs a body, so none is read.
 *
 * Slow, silent or busy callers disturb nobody: there is room for `connectionsMax` of them, and when one more comes,
 * whoever came first and is not just being served makes room. A request must be complete within seconds. One request of a
 * connection is answered at a time: who sends the next before that gets its first answer, and the connection ends.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Endpoint } from "../driver/endpoint.ts";
import type { Log } from "./log.ts";
import type { StorageFigures } from "./storage-figures.ts";

export interface HttpSources {
  readonly version: string;
  readonly uptimeS: () => number;
  readonly sessions: () => number;
  readonly groups: () => number;
  /** Asks the store, now. Undefined when it does not answer or cannot write. */
  readonly storage: () => StorageFigures | undefined;
  /** Takes part: it knows its key, listens, and is not stopping. */
  readonly isReady: () => boolean;
  /** Undefined when there are none to be seen. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> } | undefined;
  readonly log: Log;
}

export interface HttpLimits {
  readonly connectionsMax: number;
  /** To complete a request's headers; also between two requests of one connection. */
  readonly headersTimeoutMs: number;
}

export const HTTP_LIMITS: HttpLimits = { connectionsMax: 64, headersTimeoutMs: 5000 };

/** An answer takes milliseconds. Who has not taken it by then does not read, and may have to make room. */
const SERVED_MS = 1000;
/** Collecting all figures takes half a millisecond of everybody's time: who asks more often gets the same text again. */
const METRICS_KEPT_MS = 100;

export interface HttpServer {
  readonly endpoint: Endpoint;
  readonly connections: () => number;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const ALLOW = "GET, HEAD";

/** Rejects with the system's error when it cannot listen there. */
export async function serveHttp(
  endpoint: Endpoint,
  sources: HttpSources,
  limits: HttpLimits = HTTP_LIMITS,
): Promise<HttpServer> {
  const { headersTimeoutMs, connectionsMax } = limits;
  const server = createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: headersTimeoutMs,
    keepAliveTimeout: headersTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, headersTimeoutMs),
    maxHeaderSize: 8 * 1024,
    // Two thousand headers of four bytes each fit into that.
    highWaterMark: 16 * 1024,
  });
  server.maxHeadersCount = 64;
  server.maxRequestsPerSocket = 1000;
  const sockets = new Set<Socket>();
  /** Since when. */
  const serving = new Map<Socket, number>();
  const shown = { ...sources, metrics: sources.metrics && keepMetrics(sources.metrics) };
  /** They have sent a request while another was being answered. */
  const hasty = new WeakSet<Socket>();
  let isClosing = false;

  server.on("connection", (socket: Socket) => {
    if (sockets.size >= connectionsMax) {
      for (const waiting of sockets) {
        if (performance.now() - (serving.get(waiting) ?? Number.NEGATIVE_INFINITY) < SERVED_MS) continue;
        waiting.destroy();
        sockets.delete(waiting);
        break;
      }
    }
    // Everybody is being served: that takes milliseconds, the newcomer may ask again.
    if (sockets.size >= connectionsMax) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      serving.delete(socket);
    });
  });
  server.on("request", (request, response) => {
    const { socket } = request;
    if (serving.has(socket)) {
      hasty.add(socket);
      return;
    }
    serving.set(socket, performance.now());
    response.on("close", () => {
      serving.delete(socket);
      if (isClosing || hasty.has(socket)) socket.destroySoon();
    });
    void answer(request, response, shown);
  });
  // Nobody is connected through. The socket is ours alone from here on.
  server.on("connect", (_request, socket: Socket) => {
    socket.on("error", () => {});
    socket.end(`HTTP/1.1 405 Method Not Allowed\r\nAllow: ${ALLOW}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.destroySoon();
  });
  // A request that is no HTTP, too large or too slow: Node's own answers say no more than their status either.
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const status =
      error.code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? "408 Request Timeout"
          : "400 Bad Request";
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.destroySoon();
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: endpoint.host, port: endpoint.port, backlog: 1024 }, () => {
      server.removeAllListeners("error");
      // No descriptors left for one more caller: theirs to try again.
      server.on("error", () => {});
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    endpoint: { host: address, port },
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        // Node cuts who has its answer and does not take it; their `close` comes after this.
        server.close(() => {
          sockets.clear();
          resolve();
        });
        for (const socket of sockets) {
          if (serving.has(socket)) continue;
          sockets.delete(socket);
          socket.destroy();
        }
      }),
  };
}

type Metrics = NonNullable<HttpSources["metrics"]>;

function keepMetrics(metrics: Metrics): Metrics {
  let kept: { readonly text: Promise<string>; readonly atMs: number } | undefined;
  return {
    contentType: metrics.contentType,
    metrics() {
      const nowMs = performance.now();
      if (kept === undefined || nowMs - kept.atMs >= METRICS_KEPT_MS) kept = { text: metrics.metrics(), atMs: nowMs };
      return kept.text;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, sources: HttpSources): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0]!;
  let page: Page;
  try {
    page = await find(request.method ?? "", path, sources);
  } catch {
    sources.log.error("http failed");
    page = json(500, { status: "error" });
  }
  const route = path === "/health" || path === "/ready" || path === "/metrics" ? path : "other";
  sources.log.trace("http request", { route, status: page.status });
  // A body that nobody reads: the connection cannot be used for another request.
  const hasBody = request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  response.writeHead(page.status, {
    "Content-Type": page.type,
    "Content-Length": Buffer.byteLength(page.body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...(page.status === 405 && { Allow: ALLOW }),
    ...(hasBody && { Connection: "close" }),
  });
  response.end(request.method === "HEAD" ? undefined : page.body);
}

async function find(method: string, path: string, sources: HttpSources): Promise<Page> {
  const { metrics } = sources;
  const isKnown = path === "/health" || path === "/ready" || (path === "/metrics" && metrics !== undefined);
  if (!isKnown) return json(404, { error: "There is /health, /ready and, unless switched off, /metrics." });
  if (method !== "GET" && method !== "HEAD") return json(405, { error: `This takes ${ALLOW}.` });
  if (path === "/metrics") return { status: 200, type: metrics!.contentType, body: await metrics!.metrics() };
  if (path === "/ready") return sources.isReady() ? json(200, { status: "ready" }) : json(503, { status: "not ready" });
  const storage = sources.storage();
  const told = {
    status: storage === undefined ? "failing" : "ok",
    version: sources.version,
    connections: sources.sessions(),
    groups: sources.groups(),
    uptime_seconds: sources.uptimeS(),
    total_blobs: storage?.blobs ?? null,
    storage_bytes: storage?.bytes ?? null,
    groups_with_data: storage?.groups ?? null,
  };
  return json(storage === undefined ? 503 : 200, told);
}

function json(status: number, value: object): Page {
  return { status, type: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}
