// A web server that answers the blocked with a refusal: for node:http, Express and Fastify, by their shapes and without
// importing them. The ledger is asked synchronously and in memory. Its own refusals are marked and never reported as events,
// so that a block is not prolonged by the refusals that it causes.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import { canonicalTarget, checked, type Decision, hasMethods } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';
import type { BlockTarget, SecurityEvent } from '../events/index.js';
import { type IpPrefix, NetworkSet, requireIpPrefix } from '../lookup/index.js';
import type { AutoblockerLedger } from '../pipeline/index.js';
import { AccessEvents } from './access-events.js';
import { clientAddress } from './client-address.js';
import { RequestAllowance } from './request-allowance.js';

/** Options of {@link HttpProtection}. */
export interface HttpProtectionOptions {
  readonly ledger: AutoblockerLedger;
  /** The domain that decisions are asked for, and that its events are of. Default `http`. */
  readonly domain?: string;
  /** Networks of proxies whose X-Forwarded-For is believed. Default: none, so that the header is ignored. */
  readonly trustedProxies?: readonly string[];
  /**
   * Who else the request is from, besides its address: a user, an API key, a certificate. At most 7 count, and none that is no
   * target (an empty key, one of more than 512 characters): what a client sends must not break an answer.
   */
  readonly actors?: (request: IncomingMessage) => readonly BlockTarget[];
  /**
   * Whether what `actors` says was verified, asked when the request is answered. Only then does it join addresses to one actor,
   * and only then is an answer below 400 a success. Default: it was not.
   */
  readonly authenticated?: (request: IncomingMessage) => boolean;
  /** Requests a minute that a `throttle` decision leaves its target. Default 30. */
  readonly throttledPerMinute?: number;
  /** Only tells who would be refused, and refuses nobody. Default `false`. */
  readonly dryRun?: boolean;
  /** Told of every refusal, in a dry run of every one that would have been. */
  readonly onRefusal?: (refusal: HttpRefusal, request: IncomingMessage) => void;
  /**
   * Takes an event for every answered request that was not refused here: return what `ledger.ingest` gives. A `TenstripError` that it
   * rejects with, as of a ledger whose disk is full, ends nothing but this event.
   */
  readonly onEvent?: (event: SecurityEvent) => unknown;
  /** Told of an event that {@link HttpProtectionOptions.onEvent} failed to take. Default: it is lost without a word. */
  readonly onEventLost?: (error: TenstripError, event: SecurityEvent) => void;
}

/** Why and how a request is refused. */
export interface HttpRefusal {
  /** 403 for `ban` and `captcha`, 429 for `throttle`. */
  readonly status: 403 | 429;
  readonly decision: Decision;
  /** The client's address in canonical text. */
  readonly address: string | undefined;
  /** When to come again, in seconds; `undefined`: never. */
  readonly retryAfterSeconds: number | undefined;
}

/** What Express and its like call: `(request, response, next)`. */
export type ConnectMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** What is used of a Fastify instance. */
export interface FastifyLike {
  /** As Fastify has it. */
  addHook(
    name: 'onRequest',
    hook: (request: { readonly raw: IncomingMessage }, reply: FastifyReplyLike, done: () => void) => void,
  ): unknown;
}

/** What is used of a Fastify reply. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  /** As Fastify has it: the reply is ours from here on. */
  hijack(): unknown;
}

const optionsSchema = z.strictObject({
  ledger: z.custom(hasMethods('isBlocked', 'decisionsOn'), 'a ledger'),
  domain: z.string().min(1).max(64).optional(),
  trustedProxies: z.array(z.string()).max(10_000).optional(),
  actors: z.function().optional(),
  authenticated: z.function().optional(),
  throttledPerMinute: z.number().positive().optional(),
  dryRun: z.boolean().optional(),
  onRefusal: z.function().optional(),
  onEvent: z.function().optional(),
  onEventLost: z.function().optional(),
});

/** A network of proxies. Who believes half of the internet believes what anybody writes into a header. */
function proxyNetwork(text: string): IpPrefix {
  const network = requireIpPrefix(text);
  if (network.length >= (network.address.family === 4 ? 8 : 7)) return network;
  throw new TenstripError<LedgerErrorCode>(
    'OptionsInvalid',
    `trustedProxies: ${text} is wider than any network of proxies, so that clients could say whose address is theirs. Name the proxies' own networks.`,
    { details: { issues: ['trustedProxies'] } },
  );
}

/** An event names eight, the address among them. */
const maxActors = 7;

/** Refuses requests of those whom the ledger blocks. */
export class HttpProtection {
  readonly #options: HttpProtectionOptions;
  readonly #domain: string;
  readonly #proxies: NetworkSet;
  readonly #allowance: RequestAllowance;
  readonly #refused = new WeakSet<ServerResponse>();
  readonly #events = new AccessEvents();

  /** @throws TenstripError `TargetInvalid` when a trusted proxy is no network, `OptionsInvalid` */
  constructor(options: HttpProtectionOptions) {
    checked(optionsSchema, options, 'what a protection can be made with');
    this.#options = options;
    this.#domain = options.domain ?? 'http';
    this.#proxies = new NetworkSet((options.trustedProxies ?? []).map(proxyNetwork));
    this.#allowance = new RequestAllowance(options.throttledPerMinute ?? 30);
  }

  /** Whether and how a request is to be refused. A throttled one uses up one of its requests. */
  check(request: IncomingMessage): HttpRefusal | undefined {
    const { ledger } = this.#options;
    const address = this.addressOf(request);
    const decision = this.#decisionOn(request, address);
    if (decision === undefined) return undefined;
    const { now } = ledger;
    if (decision.action === 'throttle') {
      const waitMs = this.#allowance.take(decision.id, now);
      if (waitMs === 0) return undefined;
      return { status: 429, decision, address, retryAfterSeconds: Math.ceil(waitMs / 1000) };
    }
    const retryAfterSeconds = decision.until === null ? undefined : Math.ceil((decision.until - now) / 1000);
    return { status: 403, decision, address, retryAfterSeconds };
  }

  /** The client's address in canonical text, by the trusted proxies' word. */
  addressOf(request: IncomingMessage): string | undefined {
    return clientAddress(request, this.#proxies);
  }

  /** Whether a response is a refusal of this protection: such a one says nothing about its client. */
  isRefusal(response: ServerResponse): boolean {
    return this.#refused.has(response);
  }

  /** Around a listener of `http.createServer`. */
  wrap(listener: RequestListener): RequestListener {
    return (request, response) => {
      if (!this.#refuses(request, response)) listener(request, response);
    };
  }

  /** For Express, Connect and their like: `app.use(protection.express())`. */
  express(): ConnectMiddleware {
    return (request, response, next) => {
      if (!this.#refuses(request, response)) next();
    };
  }

  /** For Fastify: `app.register(protection.fastify())`. It holds for the whole instance, not only for a plugin's own routes. */
  fastify(): (instance: FastifyLike, options: unknown, done: () => void) => void {
    const plugin = (instance: FastifyLike, _options: unknown, done: () => void): void => {
      instance.addHook('onRequest', (request, reply, next) => {
        if (this.#refuses(request.raw, reply.raw)) reply.hijack();
        else next();
      });
      done();
    };
    return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
  }

  #decisionOn(request: IncomingMessage, address: string | undefined): Decision | undefined {
    const { ledger } = this.#options;
    const byAddress = address === undefined ? undefined : ledger.isBlocked(address, this.#domain);
    if (byAddress !== undefined && byAddress.action !== 'throttle') return byAddress;
    for (const actor of this.#actorsOf(request)) {
      const decision = ledger.isBlocked(actor, this.#domain);
      if (decision !== undefined) return decision;
    }
    return byAddress;
  }

  #actorsOf(request: IncomingMessage): readonly BlockTarget[] {
    const named = this.#options.actors?.(request) ?? [];
    return named
      .map(targetOrNothing)
      .filter((target) => target !== undefined)
      .slice(0, maxActors);
  }

  /** Answers a request that is to be refused; else sees to it that its answer is reported. */
  #refuses(request: IncomingMessage, response: ServerResponse): boolean {
    const refusal = this.check(request);
    if (refusal !== undefined) this.#options.onRefusal?.(refusal, request);
    if (refusal === undefined || this.#options.dryRun === true) {
      this.#report(request, response);
      return false;
    }
    this.#refused.add(response);
    answer(response, refusal);
    return true;
  }

  #report(request: IncomingMessage, response: ServerResponse): void {
    const { onEvent, ledger } = this.#options;
    const address = onEvent === undefined ? undefined : this.addressOf(request);
    // Where a trusted proxy names nobody, the client is not known: a proxy is not to be blamed for whom it serves.
    if (onEvent === undefined || address === undefined || this.#proxies.touches(requireIpPrefix(address))) return;
    response.once('finish', () => {
      const { authenticated } = this.#options;
      const event = this.#events.eventOf(request, response, {
        address,
        domain: this.#domain,
        actors: this.#actorsOf(request),
        authenticated: authenticated?.(request) === true,
        timeMs: ledger.now,
      });
      if (event !== undefined) void this.#give(event, onEvent);
    });
  }

  async #give(event: SecurityEvent, onEvent: (event: SecurityEvent) => unknown): Promise<void> {
    try {
      await onEvent(event);
    } catch (error) {
      if (!isTenstripError(error)) throw error;
      this.#options.onEventLost?.(error, event);
    }
  }
}

/** The target in one spelling; `undefined` when it is none. */
function targetOrNothing(target: BlockTarget): BlockTarget | undefined {
  try {
    return canonicalTarget(target);
  } catch (error) {
    if (isTenstripError(error, 'TargetInvalid')) return undefined;
    throw error;
  }
}

/** Says no more than that it is refused, for how long, and under which number to complain. */
function answer(response: ServerResponse, { status, decision, retryAfterSeconds }: HttpRefusal): void {
  const body = JSON.stringify({
    message: status === 403 ? 'forbidden' : 'too many requests',
    decision: String(decision.id),
  });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    connection: 'close',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.max(1, retryAfterSeconds)) }),
  });
  response.end(body);
}
