/**
 * The routes of Toxiproxy's HTTP API and two of ours, as one function from a request to an answer. Changes are made one
 * after the other, in the order of their requests; none waits for a peer, so that none can hang.
 *
 * Ours: `GET /proxies/{proxy}/effects` tells what each toxic has acted on, and how many connections there were and are;
 * `GET /events?after=N` tells what happened since event N.
 */
import {
  ApiError,
  badBody,
  cannotListen,
  invalidStream,
  invalidToxicType,
  missingField,
  proxyAlreadyExists,
  proxyNotFound,
  toxicAlreadyExists,
  toxicNotFound,
} from "./api-error.ts";
import type { EventLog } from "./event-log.ts";
import { FaultyProxy } from "./faulty-proxy.ts";
import type { ProxySpec } from "./faulty-proxy.ts";
import { attributesField, fieldsOf, flagField, parseBody, textField, toxicityField } from "./request-body.ts";
import type { Fields } from "./request-body.ts";
import { TOXIC_TYPES } from "./toxic-types.ts";
import { renderToxic } from "./toxic.ts";
import type { Stream, Toxic } from "./toxic.ts";

/** Of the API that is spoken, and of what speaks it. */
export const FAULT_PROXY_VERSION = "2.12.0+zerok.1";

export interface Request {
  readonly method: string;
  /** Of the path, decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  /** `undefined`: nothing. */
  readonly body?: unknown;
}

export class Routes {
  readonly #seed: string;
  readonly #log: EventLog;
  readonly #proxies = new Map<string, FaultyProxy>();
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(seed: string, log: EventLog) {
    this.#seed = seed;
    this.#log = log;
  }

  async answer(request: Request): Promise<Answer> {
    const { method, segments } = request;
    const [first, proxy, second, toxic] = segments;
    const isChange = method === "POST" || method === "PATCH" || method === "DELETE";
    const act = (): Answer | Promise<Answer> => {
      switch (segments.length) {
        case 1:
          if (first === "version") return only(method, { GET: () => ok({ version: FAULT_PROXY_VERSION }) });
          if (first === "reset") return only(method, { POST: () => this.#reset() });
          if (first === "populate") return only(method, { POST: () => this.#populate(request) });
          if (first === "events") return only(method, { GET: () => this.#events(request) });
          if (first === "proxies") return only(method, { GET: () => this.#list(), POST: () => this.#create(request) });
          break;
        case 2:
          if (first !== "proxies") break;
          return only(method, {
            GET: () => ok(this.#proxy(proxy!).render()),
            POST: () => this.#update(proxy!, request),
            PATCH: () => this.#update(proxy!, request),
            DELETE: () => this.#delete(proxy!),
          });
        case 3:
          if (first !== "proxies") break;
          if (second === "effects") return only(method, { GET: () => ok(this.#proxy(proxy!).renderEffects()) });
          if (second !== "toxics") break;
          return only(method, {
            GET: () => ok(this.#proxy(proxy!).toxics.map(renderToxic)),
            POST: () => this.#addToxic(this.#proxy(proxy!), request),
          });
        case 4:
          if (first !== "proxies" || second !== "toxics") break;
          return only(method, {
            GET: () => ok(renderToxic(toxicOf(this.#proxy(proxy!), toxic!))),
            POST: () => this.#updateToxic(this.#proxy(proxy!), toxic!, request),
            PATCH: () => this.#updateToxic(this.#proxy(proxy!), toxic!, request),
            DELETE: () => this.#removeToxic(this.#proxy(proxy!), toxic!),
          });
      }
      throw new ApiError("404 page not found", 404);
    };
    return isChange ? this.#inTurn(act) : act();
  }

  /** Disables all. */
  async close(): Promise<void> {
    await this.#inTurn(() => Promise.all([...this.#proxies.values()].map((proxy) => proxy.disable())));
  }

  #inTurn<T>(change: () => T | Promise<T>): Promise<T> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => {});
    return done;
  }

  // ── proxies ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #proxy(name: string): FaultyProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw proxyNotFound();
    return proxy;
  }

  #list(): Answer {
    return ok(Object.fromEntries([...this.#proxies].map(([name, proxy]) => [name, proxy.render()])));
  }

  async #create({ body }: Request): Promise<Answer> {
    const fields = fieldsOf(parseBody(body), "a proxy");
    const spec = proxyFields(fields);
    const isEnabled = flagField(fields, "enabled", true);
    if (spec.name === "") throw missingField("name");
    if (spec.upstream === "") throw missingField("upstream");
    if (this.#proxies.has(spec.name)) throw proxyAlreadyExists();
    return { status: 201, body: (await this.#bring(spec, isEnabled)).render() };
  }

  async #bring(spec: ProxySpec, isEnabled: boolean): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(spec, this.#seed, this.#log);
    if (isEnabled) await enable(proxy);
    this.#proxies.set(spec.name, proxy);
    this.#log.record(spec.name, { type: "created" });
    return proxy;
  }

  /** Those of a list that are there already, with the same addresses, stay as they are. */
  async #populate({ body }: Request): Promise<Answer> {
    const done: FaultyProxy[] = [];
    try {
      const list = parseBody(body);
      if (list !== null && !Array.isArray(list)) throw badBody("no list of proxies");
      const wanted = (list ?? [])
        .map((each: unknown) => fieldsOf(each, "a proxy"))
        .map((fields) => ({
          spec: proxyFields(fields),
          isEnabled: flagField(fields, "enabled", true),
        }));
      for (const [i, { spec }] of wanted.entries()) {
        if (spec.name === "") throw missingField(`name at proxy ${i + 1}`);
        if (spec.upstream === "") throw missingField(`upstream at proxy ${i + 1}`);
      }
      for (const { spec, isEnabled } of wanted) {
        const present = this.#proxies.get(spec.name);
        if (present !== undefined && !(await differs(present, spec.listen, spec.upstream))) {
          done.push(present);
          continue;
        }
        await present?.disable();
        done.push(await this.#bring(spec, isEnabled));
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { message, status } = error;
      return { status, body: { error: message, status, proxies: renderList(done) } };
    }
    return { status: 201, body: { proxies: renderList(done) } };
  }

  async #update(name: string, { body }: Request): Promise<Answer> {
    const proxy = this.#proxy(name);
    const fields = fieldsOf(parseBody(body), "a proxy");
    const listen = textField(fields, "listen", proxy.listen);
    const upstream = textField(fields, "upstream", proxy.upstream);
    const isEnabled = flagField(fields, "enabled", proxy.isEnabled);
    if (await differs(proxy, listen, upstream)) {
      await proxy.disable();
      proxy.move(listen, upstream);
    }
    if (isEnabled) await enable(proxy);
    else await proxy.disable();
    return ok(proxy.render());
  }

  async #delete(name: string): Promise<Answer> {
    await this.#proxy(name).disable();
    this.#proxies.delete(name);
    this.#log.record(name, { type: "deleted" });
    return { status: 204 };
  }

  async #reset(): Promise<Answer> {
    for (const proxy of this.#proxies.values()) {
      await enable(proxy);
      for (const toxic of proxy.toxics) proxy.remove(toxic);
    }
    return { status: 204 };
  }

  // ── toxics ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #addToxic(proxy: FaultyProxy, { body }: Request): Answer {
    const fields = fieldsOf(parseBody(body), "a toxic");
    const type = textField(fields, "type", "");
    const streamText = textField(fields, "stream", "downstream");
    const name = textField(fields, "name", "") || `${type}_${streamText}`;
    const toxicity = toxicityField(fields, 1);
    fieldsOf(fields.get("attributes"), "attributes");
    const stream = streamText.toLowerCase();
    if (stream !== "upstream" && stream !== "downstream") throw invalidStream();
    const kind = TOXIC_TYPES.get(type);
    if (kind === undefined) throw invalidToxicType();
    if (proxy.toxic(name) !== undefined) throw toxicAlreadyExists();
    const toxic: Toxic = {
      name,
      type,
      kind,
      stream: stream satisfies Stream,
      streamText,
      toxicity,
      attributes: attributesField(fields, kind, undefined),
      effect: { chunks: 0, bytes: 0, firstAtUs: undefined, lastAtUs: undefined },
    };
    proxy.add(toxic);
    return ok(renderToxic(toxic));
  }

  #updateToxic(proxy: FaultyProxy, name: string, { body }: Request): Answer {
    const toxic = toxicOf(proxy, name);
    const fields = fieldsOf(parseBody(body), "a toxic");
    const attributes = attributesField(fields, toxic.kind, toxic.attributes);
    proxy.update(toxic, { attributes, toxicity: toxicityField(fields, toxic.toxicity) });
    return ok(renderToxic(toxic));
  }

  #removeToxic(proxy: FaultyProxy, name: string): Answer {
    proxy.remove(toxicOf(proxy, name));
    return { status: 204 };
  }

  #events({ query }: Request): Answer {
    const after = Number(query.get("after") ?? 0);
    if (!Number.isInteger(after) || after < 0) throw new ApiError("after is no number of an event", 400);
    return ok(this.#log.after(after));
  }
}

function only(
  method: string,
  ways: { readonly [method: string]: () => Answer | Promise<Answer> },
): Answer | Promise<Answer> {
  if (!Object.hasOwn(ways, method)) throw new ApiError("method not allowed", 405);
  return ways[method]!();
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function toxicOf(proxy: FaultyProxy, name: string): Toxic {
  const toxic = proxy.toxic(name);
  if (toxic === undefined) throw toxicNotFound();
  return toxic;
}

function proxyFields(fields: Fields): ProxySpec {
  return {
    name: textField(fields, "name", ""),
    listen: textField(fields, "listen", ""),
    upstream: textField(fields, "upstream", ""),
  };
}

/** As Go renders a list that nobody filled. */
function renderList(proxies: readonly FaultyProxy[]): readonly object[] | null {
  return proxies.length === 0 ? null : proxies.map((proxy) => proxy.render());
}

async function enable(proxy: FaultyProxy): Promise<void> {
  const enabled = await proxy.enable();
  if (!enabled.ok) throw cannotListen(enabled.error);
}

async function differs(proxy: FaultyProxy, listen: string, upstream: string): Promise<boolean> {
  const different = await proxy.differs(listen, upstream);
  if (!different.ok) throw cannotListen(different.error);
  return different.value;
}
