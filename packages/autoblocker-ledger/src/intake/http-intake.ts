// Lines and events by POST. A sender has a key, and a name for each batch, so that it can send again what was not
// acknowledged; an acknowledgement says that what the batch led to is on disk. Whoever sends too much is told when to come
// again, and nothing of it is kept. Plain node:http. The header is that of draft-ietf-httpapi-idempotency-key-header.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isTenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import {
  AccessKeys,
  accessKey,
  holderName,
  type ListenAddress,
  type ListeningServer,
  listen,
} from '../access/index.js';
import { checked, hasMethods } from '../decisions/index.js';
import type { SecurityEvent } from '../events/index.js';
import type { AutoblockerLedger, IngestReceipt, StampOptions } from '../pipeline/index.js';
import { ItemRate } from './item-rate.js';

/** Who may send. */
export interface EventSender {
  /** Names it in evidence and keeps its batches apart from others': letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name: string;
  /** At least 16 characters; make it with `openssl rand -hex 32`. */
  readonly key: string;
}

/** Options of {@link HttpIntake}. */
export interface HttpIntakeOptions extends StampOptions {
  readonly ledger: AutoblockerLedger;
  readonly senders: readonly EventSender[];
  /** Longest body, in bytes: 1,024 to 16 MiB. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Events and lines of one sender in a second, 1 to 1,000,000; a second's worth may come at once, and 10,000 always. Default 5,000. */
  readonly itemsPerSecond?: number;
  /** Batches under way at once, 1 to 1,000; more are told to come again. Default 32. */
  readonly maxBatches?: number;
}

const maxItems = 10_000;
const busySeconds = 1;

const senderSchema: z.ZodType<EventSender> = z.strictObject({ name: holderName, key: accessKey });
const boundsSchema = z.strictObject({
  ledger: z.custom(hasMethods('ingest', 'ingestLines'), 'a ledger'),
  senders: z.unknown().optional(),
  utcOffsetMinutes: z.unknown().optional(),
  newestTime: z.unknown().optional(),
  maxBodyBytes: z.number().int().min(1024).max(16_777_216).default(1_048_576),
  itemsPerSecond: z.number().int().min(1).max(1_000_000).default(5000),
  maxBatches: z.number().int().min(1).max(1000).default(32),
});

/** What a batch holds. */
type Batch =
  | { readonly kind: 'events'; readonly items: readonly unknown[] }
  | { readonly kind: 'lines'; readonly items: readonly string[] };

/** An answer that is no acknowledgement. */
class Refusal extends Error {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Takes batches for a ledger: `POST /v1/events` with `{"events": […]}` in JSON, `POST /v1/lines` with lines of logs as plain text;
 * `authorization: Bearer <key>` and `idempotency-key: <name of the batch>` with each. Acknowledged with 200. Everything
 * else changed nothing: 400, 401, 404, 411, 413, 415 and 422 are for good, 429 and 503 say by `retry-after` when to come again.
 */
export class HttpIntake {
  readonly #options: HttpIntakeOptions;
  readonly #bounds: z.output<typeof boundsSchema>;
  readonly #keys: AccessKeys<EventSender>;
  readonly #rate: ItemRate;
  #batches = 0;

  /** @throws TenstripError `OptionsInvalid` */
  constructor(options: HttpIntakeOptions) {
    this.#bounds = checked(boundsSchema, options, 'what an intake can be made with');
    this.#options = options;
    this.#keys = new AccessKeys(senderSchema, options.senders, 'senders');
    this.#rate = new ItemRate(this.#bounds.itemsPerSecond, maxItems);
  }

  /** Listens until disposed. @throws TenstripError `CapabilityDenied`; `OptionsInvalid` also where the port is taken. */
  async listen(address: ListenAddress = {}): Promise<ListeningServer> {
    return listen(this.handler(), address, async () => undefined);
  }

  /** The same for a server of the caller's, such as one with TLS. */
  handler(): RequestListener {
    return (request, response) => {
      this.#acknowledge(request)
        .then((body) => send(response, 200, body, {}))
        .catch((error: unknown) => refuse(request, response, refusalOf(error)));
    };
  }

  async #acknowledge(request: IncomingMessage): Promise<object> {
    const kind = kindOf(request);
    const sender = this.#senderOf(request);
    const batch = batchOf(request);
    if (this.#batches >= this.#bounds.maxBatches) throw new Refusal(503, 'too many batches are under way', busySeconds);
    this.#batches += 1;
    try {
      const taken = parsed(kind, await bodyOf(request, this.#bounds.maxBodyBytes));
      const waitMs = this.#rate.take(sender, taken.items.length, this.#options.ledger.monotonicMs);
      if (waitMs > 0) throw new Refusal(429, 'too much at a time', Math.ceil(waitMs / 1000));
      return answerOf(batch, await this.#give(taken, sender, `${sender}/${batch}`));
    } finally {
      this.#batches -= 1;
    }
  }

  #give(taken: Batch, sender: string, batch: string): Promise<IngestReceipt> {
    const { ledger, utcOffsetMinutes, newestTime } = this.#options;
    if (taken.kind === 'events') return ledger.ingest(taken.items as readonly SecurityEvent[], { batch });
    const zone = utcOffsetMinutes === undefined ? {} : { utcOffsetMinutes };
    const newest = newestTime === undefined ? {} : { newestTime };
    return ledger.ingestLines(taken.items, { batch, source: `push:${sender}`, ...zone, ...newest });
  }

  #senderOf({ headers }: IncomingMessage): string {
    const key = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const sender = key === undefined ? undefined : this.#keys.find(key);
    if (sender === undefined) throw new Refusal(401, 'give the key of a sender: authorization: Bearer <key>');
    return sender.name;
  }
}

function kindOf({ method, url = '' }: IncomingMessage): Batch['kind'] {
  const path = url.split('?', 1)[0];
  if (method === 'POST' && path === '/v1/events') return 'events';
  if (method === 'POST' && path === '/v1/lines') return 'lines';
  throw new Refusal(404, 'POST to /v1/events or /v1/lines');
}

function batchOf({ headers }: IncomingMessage): string {
  const batch = headers['idempotency-key'];
  if (typeof batch === 'string' && /^[\x21-\x7e]{1,128}$/.test(batch)) return batch;
  throw new Refusal(
    400,
    'name the batch: idempotency-key: <1 to 128 visible characters>, the same when it is sent again',
  );
}

async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { headers } = request;
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new Refusal(415, 'send the body as it is');
  if (headers['content-length'] === undefined) throw new Refusal(411, 'state the content-length');
  const tooLong = new Refusal(413, `a batch has at most ${maxBytes} bytes: send several`);
  if (!(Number(headers['content-length']) <= maxBytes)) throw tooLong;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLong;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parsed(kind: Batch['kind'], body: Buffer): Batch {
  const batch: Batch = kind === 'events' ? { kind, items: eventsIn(body) } : { kind, items: linesIn(body) };
  if (batch.items.length > maxItems) throw new Refusal(413, `a batch has at most ${maxItems} items: send several`);
  return batch;
}

function linesIn(body: Buffer): string[] {
  return body
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
}

function eventsIn(body: Buffer): readonly unknown[] {
  const wrong = new Refusal(400, 'the body is to be JSON: {"events": [...]}');
  try {
    const { events } = JSON.parse(body.toString('utf8')) as { events?: unknown };
    if (Array.isArray(events)) return events;
  } catch {
    throw wrong;
  }
  throw wrong;
}

function answerOf(batch: string, { events, repeated, outcomes, checkpoint }: IngestReceipt): object {
  const kinds: Record<string, number> = {};
  for (const { kind } of outcomes) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return { batch, repeated, events, outcomes: kinds, checkpoint };
}

/** What to tell a sender of an error: what is wrong with the batch is for good, what is wrong here passes. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isTenstripError(error, 'BatchReused')) return new Refusal(422, error.message);
  if (isTenstripError(error, 'EventInvalid', 'TargetInvalid', 'OptionsInvalid')) return new Refusal(400, error.message);
  return new Refusal(503, 'the ledger takes nothing at the moment', busySeconds);
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  // What is left of the body is not read: the connection ends with the answer.
  const rest = request.complete ? {} : { connection: 'close' };
  const { status, message, retryAfterSeconds } = refusal;
  const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
  send(response, status, { message }, { ...rest, ...retry, ...challenge });
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string>): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
}
