// The HTTP API of Toxiproxy 2.x, by its documentation and its observed answers: clients of it run unchanged. Plain `node:http`,
// on the loopback interface; browsers are turned away, so that no page can reach it by rebinding a name.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isTenstripError, type ResourceGovernor, TenstripError, ungoverned } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import { AddressProblem, parseAddress } from './address.js';
import { goJson, JsonFields, JsonProblem, parseGoJson } from './go-json.js';
import { createTcpProxy, type TcpProxy, type TcpProxyOptions } from './tcp-proxy.js';
import {
  assertOptions,
  isToxicType,
  optionsInvalid,
  type Toxic,
  type ToxicStream,
  type ToxicType,
  toxicAttributes,
} from './toxic.js';

/** Options of {@link startToxiproxyServer}. */
export interface ToxiproxyServerOptions
  extends Pick<
    TcpProxyOptions,
    'connectTimeoutMs' | 'linkBufferBytes' | 'maxConnections' | 'maxToxics' | 'precision' | 'proxyBufferBytes'
  > {
  /** Default `127.0.0.1`; the API has no authentication. */
  readonly host?: string;
  /** Default 8474; 0: any that is free. */
  readonly port?: number;
  /** The same seed, the same decisions for every connection of every proxy. Default: drawn, and told by the server. */
  readonly seed?: number | bigint | string;
  /** Whether `GET /metrics` answers. Default `false`, as with Toxiproxy. */
  readonly metrics?: boolean;
  /** Proxies at once. Default 1,024. */
  readonly maxProxies?: number;
  readonly governor?: ResourceGovernor;
}

/** The version of the API. */
const apiVersion = '2.12.0';
const textType = 'text/plain; charset=utf-8';
const mostBodyBytes = 1_048_576;
const mostUrlLength = 4096;

/**
 * Serves Toxiproxy's HTTP API until it is closed.
 *
 * @throws TenstripError `OptionsInvalid`, `ProxyUnavailable` when it cannot listen, `CapabilityDenied`
 */
export async function startToxiproxyServer(options: ToxiproxyServerOptions = {}): Promise<ToxiproxyServer> {
  assertOptions(options);
  const server = new ToxiproxyServer(options);
  await server.listen();
  return server;
}

/** A problem in the words and with the code of Toxiproxy. */
class ApiProblem extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  /** `false`: no handler was found. */
  readonly routed?: false;
}

const noRoute: Answer = { ...plain(404, '404 page not found'), routed: false };

/** A server that Toxiproxy's clients drive; made by {@link startToxiproxyServer}. */
export class ToxiproxyServer implements AsyncDisposable {
  /** What its decisions follow from: give it again to repeat them. */
  readonly seed: number | bigint | string;
  readonly #options: ToxiproxyServerOptions;
  readonly #governor: ResourceGovernor;
  readonly #maxProxies: number;
  readonly #proxies = new Map<string, TcpProxy>();
  readonly #http: Server;
  #changes: Promise<unknown> = Promise.resolve();
  #requests = 0;
  #port = 0;

  /** @internal */
  constructor(options: ToxiproxyServerOptions) {
    const { governor = ungoverned, maxProxies = 1024, port = 8474 } = options;
    if (!Number.isSafeInteger(maxProxies) || maxProxies < 1) {
      throw optionsInvalid('maxProxies', maxProxies, 'a whole number above 0');
    }
    if (!Number.isSafeInteger(port) || port < 0 || port > 65_535) throw optionsInvalid('port', port, '0 to 65535');
    this.seed = options.seed ?? Buffer.from(governor.entropy(8)).toString('hex');
    this.#options = options;
    this.#governor = governor;
    this.#maxProxies = maxProxies;
    this.#http = createServer({ maxHeaderSize: 16_384, requestTimeout: 15_000 }, (request, response) => {
      void this.#serve(request, response);
    });
    this.#http.maxConnections = 1024;
  }

  /** Where it listens. */
  get port(): number {
    return this.#port;
  }

  /** What clients are given: `http://127.0.0.1:8474`. */
  get url(): string {
    const { host = '127.0.0.1' } = this.#options;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  /** Its proxies by name, for use in this process. */
  get proxies(): ReadonlyMap<string, TcpProxy> {
    return this.#proxies;
  }

  /** @internal */
  async listen(): Promise<void> {
    const { host = '127.0.0.1', port = 8474 } = this.#options;
    if (this.#governor.sandboxed) await this.#governor.use('net').allow(host, port);
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject).listen(port, host, resolve);
    }).catch((cause) => {
      const message = `the API cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : cause}`;
      throw new TenstripError<ChaosErrorCode>('ProxyUnavailable', message, { details: { proxy: '' }, cause });
    });
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  /** Creates a proxy as `POST /proxies` does. @throws TenstripError `OptionsInvalid`, `ProxyUnavailable`, `CapabilityDenied` */
  createProxy(spec: { name: string; upstream: string; listen?: string; enabled?: boolean }): Promise<TcpProxy> {
    return this.#inTurn(async () => {
      if (this.#proxies.has(spec.name)) {
        const message = `the proxy ${JSON.stringify(spec.name)} exists already; give another name`;
        throw new TenstripError<ChaosErrorCode>('ProxyUnavailable', message, { details: { proxy: spec.name } });
      }
      return this.#create(spec);
    });
  }

  /** A proxy by name. @throws TenstripError `TargetUnknown` */
  proxy(name: string): TcpProxy {
    const found = this.#proxies.get(name);
    if (found !== undefined) return found;
    throw new TenstripError<ChaosErrorCode>('TargetUnknown', `there is no proxy ${JSON.stringify(name)}`, {
      details: { target: name },
    });
  }

  /** Closes a proxy for good, as `DELETE /proxies/{proxy}` does. @throws TenstripError `TargetUnknown` */
  removeProxy(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const proxy = this.proxy(name);
      this.#proxies.delete(name);
      await proxy.close();
    });
  }

  /** Every proxy listens, and has no toxics, as `POST /reset` does. @throws TenstripError `ProxyUnavailable` */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.#proxies.values()) {
        await proxy.start();
        proxy.removeToxics();
      }
    });
  }

  /** Stops the API and all proxies, and drops their connections. */
  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
    await this.#inTurn(async () => {
      for (const proxy of this.#proxies.values()) await proxy.close();
      this.#proxies.clear();
    });
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** One change after another, as Toxiproxy's locks do. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => {});
    return done;
  }

  async #create(spec: { name: string; upstream: string; listen?: string; enabled?: boolean }): Promise<TcpProxy> {
    if (this.#proxies.size >= this.#maxProxies) {
      throw optionsInvalid('proxies', this.#proxies.size + 1, `at most ${this.#maxProxies} (\`maxProxies\`)`);
    }
    const { host: _, port: _port, seed: _seed, metrics: _metrics, maxProxies: _max, ...limits } = this.#options;
    const proxy = await createTcpProxy({ ...limits, ...spec, seed: this.seed });
    this.#proxies.set(spec.name, proxy);
    return proxy;
  }

  // HTTP

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request).catch(apiError);
    const { status, type, body = '' } = answer;
    if (answer.routed !== false) {
      response.setHeader('X-Toxiproxy-Request-Id', (this.#requests++).toString(32).padStart(20, '0'));
    }
    if (type !== undefined) response.setHeader('Content-Type', type);
    if (type === textType) response.setHeader('X-Content-Type-Options', 'nosniff');
    // A body that was not read to its end cannot be followed by another request.
    if (!request.complete) response.setHeader('Connection', 'close');
    response.writeHead(status, status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { method = 'GET', url = '/' } = request;
    const route = url.length <= mostUrlLength ? routeOf(url) : undefined;
    if (route === undefined) return noRoute;
    const { kind, proxy = '', toxic = '' } = route;
    const handlers = this.#handlers(proxy, toxic)[kind];
    const handler = handlers[method];
    if (handler === undefined) return method in handlers ? noRoute : { status: 405, routed: false };
    if (request.headers['user-agent']?.startsWith('Mozilla/')) return plain(403, 'User agent not allowed');
    const body = method === 'POST' || method === 'PATCH' ? await bodyOf(request) : '';
    return handler(body);
  }

  #handlers(
    name: string,
    toxic: string,
  ): Record<Route['kind'], Record<string, ((body: string) => Promise<Answer>) | undefined>> {
    const update = (body: string) => this.#inTurn(() => this.#updateProxy(name, body));
    const updateToxic = (body: string) => this.#inTurn(async () => this.#updateToxic(name, toxic, body));
    return {
      proxies: {
        GET: async () => json(200, this.#index()),
        POST: (body) => this.#inTurn(() => this.#createProxy(body)),
      },
      proxy: {
        GET: async () => json(200, proxyJson(this.#get(name))),
        POST: update,
        PATCH: update,
        DELETE: () => this.#deleteProxy(name),
      },
      toxics: {
        GET: async () => json(200, this.#get(name).toxics.map(toxicJson)),
        POST: (body) => this.#inTurn(async () => this.#createToxic(name, body)),
      },
      toxic: {
        GET: async () => json(200, toxicJson(this.#getToxic(name, toxic))),
        POST: updateToxic,
        PATCH: updateToxic,
        DELETE: () => this.#inTurn(async () => this.#deleteToxic(name, toxic)),
      },
      populate: { POST: (body) => this.#inTurn(() => this.#populate(body)) },
      reset: { POST: async () => this.reset().then(() => ({ status: 204 })) },
      version: {
        GET: async () => ({
          status: 200,
          type: 'application/json;charset=utf-8',
          body: `{"version": "${apiVersion}"}\n`,
        }),
      },
      metrics: { GET: this.#options.metrics === true ? async () => this.#metrics() : undefined },
    };
  }

  #get(name: string): TcpProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new ApiProblem(404, 'proxy not found');
    return proxy;
  }

  #getToxic(proxy: string, name: string): Toxic {
    const toxic = this.#get(proxy).toxics.find((candidate) => candidate.name === name);
    if (toxic === undefined) throw new ApiProblem(404, 'toxic not found');
    return toxic;
  }

  #index(): object {
    const sorted = [...this.#proxies].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([name, proxy]) => [name, proxyJson(proxy)]));
  }

  async #createProxy(body: string): Promise<Answer> {
    const fields = fieldsOf(body, 'Proxy', 'toxiproxy.Proxy');
    const { name, upstream, enabled, listen } = decoded(() => proxyFields(fields));
    if (name === '') throw new ApiProblem(400, 'missing required field: name');
    if (upstream === '') throw new ApiProblem(400, 'missing required field: upstream');
    if (this.#proxies.has(name)) throw new ApiProblem(409, 'proxy already exists');
    return json(201, proxyJson(await this.#create(checkedSpec({ name, upstream, enabled: enabled ?? true, listen }))));
  }

  async #updateProxy(name: string, body: string): Promise<Answer> {
    const proxy = this.#get(name);
    const fields = fieldsOf(body, 'Proxy', 'toxiproxy.Proxy');
    const { listen, upstream, enabled } = decoded(() => proxyFields(fields));
    const change = { ...(listen === '' ? {} : { listen }), ...(upstream === '' ? {} : { upstream }) };
    checkListen(listen, '');
    await proxy.update({ ...change, ...(enabled === undefined ? {} : { enabled }) });
    return json(200, proxyJson(proxy));
  }

  async #deleteProxy(name: string): Promise<Answer> {
    this.#get(name);
    await this.removeProxy(name);
    return { status: 204 };
  }

  #createToxic(proxyName: string, body: string): Answer {
    const proxy = this.#get(proxyName);
    const fields = fieldsOf(body, 'ToxicWrapper', 'toxics.ToxicWrapper');
    const asked = decoded(() => ({
      name: fields.text('name') ?? '',
      type: fields.text('type') ?? '',
      stream: fields.text('stream') ?? 'downstream',
      toxicity: fields.number('toxicity') ?? 1,
    }));
    const stream = asked.stream.toLowerCase();
    if (stream !== 'upstream' && stream !== 'downstream') {
      throw new ApiProblem(400, 'stream was invalid, can be either upstream or downstream');
    }
    const { type, toxicity } = asked;
    const name = asked.name || `${type}_${asked.stream}`;
    if (!isToxicType(type)) throw new ApiProblem(400, 'invalid toxic type');
    if (proxy.toxics.some((toxic) => toxic.name === name)) throw new ApiProblem(409, 'toxic already exists');
    const attributes = decoded(() => attributesOf(fields, type));
    const share = Math.min(1, Math.max(0, toxicity));
    return json(
      200,
      toxicJson(proxy.addToxic({ name, type, stream: stream as ToxicStream, toxicity: share, attributes })),
    );
  }

  #updateToxic(proxyName: string, name: string, body: string): Answer {
    const { type } = this.#getToxic(proxyName, name);
    const fields = fieldsOf(body, '', 'struct');
    const { toxicity, attributes } = decoded(() => ({
      toxicity: fields.number('toxicity'),
      attributes: attributesOf(fields, type),
    }));
    const share = toxicity === undefined ? {} : { toxicity: Math.min(1, Math.max(0, toxicity)) };
    return json(200, toxicJson(this.#get(proxyName).updateToxic(name, { ...share, attributes })));
  }

  #deleteToxic(proxyName: string, name: string): Answer {
    this.#getToxic(proxyName, name);
    this.#get(proxyName).removeToxic(name);
    return { status: 204 };
  }

  async #populate(body: string): Promise<Answer> {
    const done: TcpProxy[] = [];
    try {
      for (const spec of populateSpecs(body)) done.push(await this.#addOrReplace(spec));
      return json(201, { proxies: listOf(done.map(proxyJson)) });
    } catch (error) {
      const { status, message } = problemOf(error);
      return json(status, { error: message, status, proxies: listOf(done.map(proxyJson)) });
    }
  }

  async #addOrReplace(spec: ProxySpec): Promise<TcpProxy> {
    const existing = this.#proxies.get(spec.name);
    if (existing !== undefined) {
      if (spec.listen !== '' && existing.upstream === spec.upstream && (await existing.listensOn(spec.listen))) {
        return existing;
      }
      // It stays, stopped, when the new one cannot listen.
      await existing.stop();
    }
    const replacement = await this.#create(checkedSpec(spec));
    await existing?.close();
    return replacement;
  }

  #metrics(): Answer {
    const lines: string[] = [];
    for (const [metric, side] of [
      ['toxiproxy_proxy_received_bytes_total', 'received'],
      ['toxiproxy_proxy_sent_bytes_total', 'sent'],
    ] as const) {
      lines.push(`# TYPE ${metric} counter`);
      for (const proxy of this.#proxies.values()) {
        const { bytes } = proxy.statistics;
        for (const direction of ['downstream', 'upstream'] as const) {
          const labels = { direction, listener: proxy.listen, proxy: proxy.name, upstream: proxy.upstream };
          const shown = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
          lines.push(`${metric}{${shown.join(',')}} ${bytes[direction][side]}`);
        }
      }
    }
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: `${lines.join('\n')}\n` };
  }
}

interface Route {
  readonly kind: 'proxies' | 'proxy' | 'toxics' | 'toxic' | 'populate' | 'reset' | 'version' | 'metrics';
  readonly proxy?: string;
  readonly toxic?: string;
}

function routeOf(url: string): Route | undefined {
  let segments: string[];
  try {
    segments = decodeURIComponent(url.split('?', 1)[0]!).split('/').slice(1);
  } catch {
    return undefined;
  }
  const [first, proxy, list, toxic, ...more] = segments;
  if (more.length > 0 || segments.includes('')) return undefined;
  if (proxy === undefined) {
    return first === 'proxies' ||
      first === 'populate' ||
      first === 'reset' ||
      first === 'version' ||
      first === 'metrics'
      ? { kind: first }
      : undefined;
  }
  if (first !== 'proxies') return undefined;
  if (list === undefined) return { kind: 'proxy', proxy };
  if (list !== 'toxics') return undefined;
  return toxic === undefined ? { kind: 'toxics', proxy } : { kind: 'toxic', proxy, toxic };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) throw new ApiProblem(400, 'bad request body: http: request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

interface ProxySpec {
  readonly name: string;
  readonly upstream: string;
  readonly listen: string;
  readonly enabled: boolean | undefined;
}

function proxyFields(fields: JsonFields): ProxySpec {
  return {
    name: fields.text('name') ?? '',
    listen: fields.text('listen') ?? '',
    upstream: fields.text('upstream') ?? '',
    enabled: fields.boolean('enabled'),
  };
}

/** A wrong address is no bad request to Toxiproxy: listening fails. */
function checkListen(listen: string, doing = 'listen tcp: '): void {
  if (listen === '') return;
  try {
    parseAddress(listen);
  } catch (problem) {
    if (problem instanceof AddressProblem) throw new ApiProblem(500, `${doing}${problem.message}`);
    throw problem;
  }
}

function checkedSpec({ name, upstream, listen, enabled = true }: ProxySpec) {
  checkListen(listen);
  return { name, upstream, enabled, ...(listen === '' ? {} : { listen }) };
}

function populateSpecs(body: string): readonly ProxySpec[] {
  const specs = decoded(() => {
    const list = parseGoJson(body);
    if (list === null) return [];
    if (!Array.isArray(list)) {
      const kind = typeof list === 'boolean' ? 'bool' : typeof list;
      throw new JsonProblem(`json: cannot unmarshal ${kind} into Go value of type []struct`);
    }
    return list.map((item) => proxyFields(new JsonFields(item, 'Proxy')));
  });
  specs.forEach(({ name, upstream }, at) => {
    if (name === '') throw new ApiProblem(400, `missing required field: name at proxy ${at + 1}`);
    if (upstream === '') throw new ApiProblem(400, `missing required field: upstream at proxy ${at + 1}`);
  });
  return specs;
}

function attributesOf(fields: JsonFields, type: ToxicType): Record<string, number> {
  const words = type === 'reset_peer' ? ['reset'] : type.split('_');
  const goType = `${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}Toxic`;
  const given = fields.fields('attributes', `${goType}.attributes`);
  const attributes: Record<string, number> = {};
  for (const name of toxicAttributes[type]) {
    const value = given?.integer(name);
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}

function fieldsOf(body: string, path: string, type: string): JsonFields {
  return decoded(() => new JsonFields(parseGoJson(body), path, type));
}

function decoded<T>(read: () => T): T {
  try {
    return read();
  } catch (problem) {
    if (problem instanceof JsonProblem) throw new ApiProblem(400, `bad request body: ${problem.message}`);
    throw problem;
  }
}

/** Members in Toxiproxy's order. */
function proxyJson(proxy: TcpProxy): object {
  const { name, listen, upstream, enabled, toxics } = proxy;
  return { name, listen, upstream, enabled, toxics: toxics.map(toxicJson) };
}

function toxicJson({ attributes, name, type, stream, toxicity }: Toxic): object {
  return { attributes, name, type, stream, toxicity };
}

/** An empty list is null in the answer to `/populate`. */
function listOf(items: readonly object[]): readonly object[] | null {
  return items.length === 0 ? null : items;
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: goJson(value) };
}

function plain(status: number, text: string): Answer {
  return { status, type: textType, body: `${text}\n` };
}

function problemOf(error: unknown): { status: number; message: string } {
  if (error instanceof ApiProblem) return { status: error.status, message: error.message };
  if (isTenstripError(error, 'CapabilityDenied')) return { status: 403, message: error.message };
  return { status: 500, message: error instanceof Error ? error.message : String(error) };
}

/** Errors are JSON that Go's helper sends as text. */
function apiError(error: unknown): Answer {
  const { status, message } = problemOf(error);
  return plain(status, goJson({ error: message, status }));
}
