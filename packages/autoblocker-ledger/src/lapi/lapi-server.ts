// CrowdSec's local API, read side, as its bouncers use it (observed on 1.4.6): they run unchanged against a ledger. On plain
// node:http: a framework would be one more dependency for eight paths.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { type AccessKeys, type ListenAddress, type ListeningServer, listen } from '../access/index.js';
import { checked, type Decision, hasMethods } from '../decisions/index.js';
import { formatIpAddress, formatIpPrefix, parseIpAddress, parseIpPrefix } from '../lookup/index.js';
import type { AutoblockerLedger } from '../pipeline/index.js';
import { type Bouncer, bouncerKeys } from './bouncer-keys.js';
import { BouncerPlaces } from './bouncer-places.js';
import { DecisionStream } from './decision-stream.js';
import { type LapiFilter, lapiJson, passes } from './lapi-decision.js';

/** Options of {@link LapiServer}. */
export interface LapiOptions {
  readonly ledger: AutoblockerLedger;
  /** Who may ask. */
  readonly bouncers: readonly Bouncer[];
  /** Where bouncers' places in the stream are kept. Default: `bouncers.json` in the ledger's folder; memory for `memory:`. */
  readonly placesFile?: string;
}

/** Where a {@link LapiServer} listens. */
export type LapiAddress = ListenAddress;

/** A server that listens. */
export type ListeningLapi = ListeningServer;

const optionsSchema = z.strictObject({
  ledger: z.custom<AutoblockerLedger>(hasMethods('query', 'decisionsOn'), 'a ledger'),
  bouncers: z.custom<readonly Bouncer[]>(Array.isArray, 'a list of bouncers'),
  placesFile: z.string().min(1).optional(),
});

/** Query parameters of a request are cut off beyond this length of the whole. */
const maxUrlLength = 4096;
/** JSON texts written together. */
const textsPerChunk = 500;

/** Answers bouncers from a ledger. */
export class LapiServer {
  readonly #ledger: AutoblockerLedger;
  readonly #keys: AccessKeys<Bouncer>;
  readonly #places: BouncerPlaces;
  readonly #stream: DecisionStream;

  /** @throws TenstripError `OptionsInvalid` */
  static async open(options: LapiOptions): Promise<LapiServer> {
    const { ledger, bouncers } = checked(optionsSchema, options, 'what a local API can be opened with');
    const keys = bouncerKeys(bouncers);
    const besideLedger = ledger.folder === 'memory:' ? undefined : join(ledger.folder, 'bouncers.json');
    const places = await BouncerPlaces.open(options.placesFile ?? besideLedger);
    return new LapiServer(ledger, keys, places, await DecisionStream.open(ledger));
  }

  private constructor(
    ledger: AutoblockerLedger,
    keys: AccessKeys<Bouncer>,
    places: BouncerPlaces,
    stream: DecisionStream,
  ) {
    this.#ledger = ledger;
    this.#keys = keys;
    this.#places = places;
    this.#stream = stream;
  }

  /** Listens until disposed. @throws TenstripError `CapabilityDenied`; `OptionsInvalid` also where the port is taken. */
  async listen(address: LapiAddress = {}): Promise<ListeningLapi> {
    return listen(this.handler(), address, () => this.#places.settled());
  }

  /** The same for a server of the caller's, such as one with TLS. */
  handler(): RequestListener {
    return (request, response) => {
      this.#answer(request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else message(response, 500, 'the ledger could not be read');
      });
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Nothing is read from a body here; what is sent is let go.
    request.resume();
    const url = request.url ?? '/';
    if (url.length > maxUrlLength) return message(response, 414, 'the URL is too long');
    const question = url.indexOf('?');
    const path = question < 0 ? url : url.slice(0, question);
    const route = `${request.method} ${path.replace(/\/$/, '')}`;
    if (route === 'POST /v1/watchers/login' || route === 'POST /v1/watchers') {
      return message(response, 404, 'watchers are not served here, only bouncers: use an API key');
    }
    const key = request.headers['x-api-key'];
    const bouncer = typeof key === 'string' ? this.#keys.find(key) : undefined;
    if (bouncer === undefined) return message(response, 403, 'access forbidden');
    switch (route) {
      case 'GET /v1/decisions':
        return this.#answerQuery(new URLSearchParams(url.slice(path.length)), bouncer.domain, response);
      case 'GET /v1/decisions/stream':
        return this.#answerStream(new URLSearchParams(url.slice(path.length)), bouncer, response);
      case 'HEAD /v1/decisions':
      case 'HEAD /v1/decisions/stream':
      case 'GET /v1/heartbeat':
        response.writeHead(200).end();
        return;
      case 'POST /v1/usage-metrics':
        response.writeHead(201).end();
        return;
      default:
        message(response, 404, 'Page or Method not found');
    }
  }

  async #answerQuery(query: URLSearchParams, domain: string | undefined, response: ServerResponse): Promise<void> {
    const filter = filterOf(query, domain);
    const asked = this.#asked(query);
    if (typeof asked === 'string') return message(response, 400, asked);
    if (asked === undefined) {
      await sendStreaming(response, this.#stream.whole(filter).decisions, '[', ']', 'null');
      return;
    }
    const { now } = this.#ledger;
    const found = asked.filter((decision) => passes(decision, filter)).map((decision) => lapiJson(decision, now));
    json(response, 200, listOf(found));
  }

  /** The decisions that a query names; `undefined`: all of them; a text: what is wrong with it. */
  #asked(query: URLSearchParams): readonly Decision[] | undefined | string {
    const [ip, range, value] = ['ip', 'range', 'value'].map((name) => query.get(name));
    if (ip) {
      const address = parseIpAddress(ip);
      return address === undefined ? notAnAddress(ip) : this.#ledger.decisionsOn(formatIpAddress(address));
    }
    if (range) {
      const prefix = parseIpPrefix(range);
      return prefix === undefined ? notAnAddress(range) : this.#ledger.decisionsOn(formatIpPrefix(prefix));
    }
    if (!value) return undefined;
    const scope = query.get('scope')?.toLowerCase() ?? 'ip';
    if (scope === 'ip' || scope === 'range') {
      const prefix = parseIpPrefix(value);
      if (prefix === undefined) return notAnAddress(value);
      const network = formatIpPrefix(prefix);
      return this.#ledger
        .decisionsOn(network)
        .filter(({ target }) => 'value' in target && formatIpPrefix(parseIpPrefix(target.value)!) === network);
    }
    const kind = kindOfScope.get(scope);
    if (kind === undefined || value.length > 512) return [];
    if (kind !== 'certificate') return this.#ledger.decisionsOn({ kind, value });
    return /^[0-9a-f]{64}$/.test(value) ? this.#ledger.decisionsOn({ kind, spkiSha256: value }) : [];
  }

  async #answerStream(
    query: URLSearchParams,
    { name, domain }: Omit<Bouncer, 'key'>,
    response: ServerResponse,
  ): Promise<void> {
    const filter = filterOf(query, domain);
    const key = JSON.stringify([name, filter.domain ?? '', filter.scopes, filter.origins, filter.types]);
    const startup = query.get('startup') === 'true';
    const before = startup ? this.#places.beforeLast(key) : this.#places.get(key);
    const known = before !== undefined && before.cursor < this.#ledger.durableSize ? before : undefined;
    if (startup || known === undefined) {
      // A bouncer that was killed finds its sets as they were: what ended meanwhile has to be told too.
      const deleted = known === undefined ? [] : (await this.#stream.since(known, filter)).deleted;
      const { place, decisions } = this.#stream.whole(filter);
      const start = `{"deleted":${listOf(deleted)},"new":`;
      await sendStreaming(response, decisions, `${start}[`, ']}', `${start}null}`);
      this.#places.set(key, place);
      return;
    }
    const { deleted, added, place } = await this.#stream.since(known, filter);
    await sent(response, `{"deleted":${listOf(deleted)},"new":${listOf(added)}}`);
    this.#places.set(key, place);
  }
}

const kindOfScope: ReadonlyMap<string, 'user' | 'apiKey' | 'session' | 'certificate'> = new Map([
  ['username', 'user'],
  ['apikey', 'apiKey'],
  ['session', 'session'],
  ['certificate', 'certificate'],
]);

function filterOf(query: URLSearchParams, domain: string | undefined): LapiFilter {
  const list = (name: string) => [...new Set((query.get(name) ?? '').split(',').filter((part) => part !== ''))].sort();
  const lower = (values: readonly string[]) => values.map((value) => value.toLowerCase());
  const scope = query.get('scope');
  return {
    scopes: lower(scope === null ? list('scopes') : [scope]),
    origins: list('origins'),
    types: list('type'),
    domain,
  };
}

/** What CrowdSec says, word for word. */
function notAnAddress(text: string): string {
  return `unable to convert '${text.slice(0, 100)}' to int: invalid address: invalid ip address / range`;
}

/** Lists of nothing are `null` in Go's JSON, and clients know it. */
function listOf(texts: readonly string[]): string {
  return texts.length === 0 ? 'null' : `[${texts.join(',')}]`;
}

function message(response: ServerResponse, status: number, text: string): void {
  json(response, status, JSON.stringify({ message: text }));
}

function json(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Resolves when the body has gone out; rejects when the client went before. */
async function sent(response: ServerResponse, body: string): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    response.once('finish', resolve).once('close', () => reject(new Error('the client went away')));
  });
  json(response, 200, body);
  await done;
}

/** Sends a list of any length with little memory; the server goes on with others between two chunks. */
async function sendStreaming(
  response: ServerResponse,
  texts: AsyncGenerator<string>,
  before: string,
  after: string,
  whenEmpty: string,
): Promise<void> {
  async function* chunks(): AsyncGenerator<string> {
    let some: string[] = [];
    let opened = false;
    for await (const text of texts) {
      if (some.push(text) < textsPerChunk) continue;
      yield `${opened ? ',' : before}${some.join(',')}`;
      opened = true;
      some = [];
    }
    if (some.length > 0) yield `${opened ? ',' : before}${some.join(',')}`;
    yield opened || some.length > 0 ? after : whenEmpty;
  }
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  await pipeline(Readable.from(chunks()), response);
}
