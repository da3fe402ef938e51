// A TCP proxy with toxics: it listens, connects each client to its upstream, and puts the toxics of the moment on both ways.

import { createServer, type Server, type Socket } from 'node:net';
import {
  type RandomSource,
  type ResourceGovernor,
  seededRandom,
  TenstripError,
  ungoverned,
} from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import { type Address, AddressProblem, formatAddress, parseAddress, resolveHost } from './address.js';
import { Alarms, type Precision } from './alarms.js';
import { Connection, socketBufferBytes } from './connection.js';
import { HeldBytes } from './held-bytes.js';
import { SlabPool } from './read-buffer.js';
import {
  assertOptions,
  changedToxic,
  optionsInvalid,
  type Toxic,
  type ToxicChange,
  type ToxicSpec,
  type ToxicStream,
  toxicOf,
} from './toxic.js';

/** Options of {@link createTcpProxy}. */
export interface TcpProxyOptions {
  /** Names it in errors, and its stream of random numbers. Default: `proxy`. */
  readonly name?: string;
  /** `host:port`; port 0 is any that is free, `:port` every interface. Default `127.0.0.1:0`. */
  readonly listen?: string;
  /** `host:port` of what it stands before. */
  readonly upstream: string;
  /** Whether it listens from the start. Default `true`. */
  readonly enabled?: boolean;
  /** The same seed, the same decisions for every connection in order of acceptance. Default: the governor's random numbers. */
  readonly seed?: number | bigint | string;
  readonly governor?: ResourceGovernor;
  /** Connections at once; what comes beyond is reset. Default 16,384. */
  readonly maxConnections?: number;
  /** Toxics. Default 256. */
  readonly maxToxics?: number;
  /** Bytes on their way through a delay in one direction of a connection before its source is paused: no more than these get through in
   * the time of the delay. Default 32 MiB. */
  readonly linkBufferBytes?: number;
  /** The same for the whole proxy, and the memory of its large read buffers. Default 512 MiB. */
  readonly proxyBufferBytes?: number;
  /** How long the upstream has to accept, in milliseconds. Default 30,000. */
  readonly connectTimeoutMs?: number;
  /** How exact delays are: `timer`, up to 1 ms late, or `exact`, by spinning through the last millisecond. Default `timer`. */
  readonly precision?: Precision;
}

/** What of a proxy is to be changed; a change of addresses drops its connections. */
export interface TcpProxyChange {
  readonly listen?: string;
  readonly upstream?: string;
  readonly enabled?: boolean;
}

/** What a proxy did so far. Bytes are those read from, and written to, either side. */
export interface TcpProxyStatistics {
  readonly accepted: number;
  readonly open: number;
  /** Connections for which the upstream could not be reached. */
  readonly unreachable: number;
  /** Connections beyond `maxConnections`. */
  readonly refused: number;
  /** Bytes that toxics hold now. */
  readonly heldBytes: number;
  readonly bytes: Readonly<Record<ToxicStream, { readonly received: number; readonly sent: number }>>;
}

/** Memory that reads went into is kept so long after the last connection. */
const idleMs = 1000;

const defaults = {
  maxConnections: 16_384,
  maxToxics: 256,
  linkBufferBytes: 32 * 2 ** 20,
  proxyBufferBytes: 512 * 2 ** 20,
  connectTimeoutMs: 30_000,
};

/**
 * Opens a proxy. Under a sandbox it needs `net` for both addresses.
 *
 * @throws TenstripError `OptionsInvalid`, `ProxyUnavailable` when it cannot listen, `CapabilityDenied`
 */
export async function createTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  assertOptions(options);
  const proxy = new TcpProxy(options);
  if (options.enabled !== false) await proxy.start();
  return proxy;
}

/** A proxy; made by {@link createTcpProxy}. */
export class TcpProxy implements AsyncDisposable {
  readonly name: string;
  readonly #governor: ResourceGovernor;
  readonly #random: RandomSource;
  readonly #alarms: Alarms;
  readonly #held: HeldBytes;
  readonly #slabs: SlabPool;
  readonly #limits: typeof defaults;
  readonly #connections = new Set<Connection>();
  #toxics: readonly Toxic[] = [];
  #listen: string;
  #upstream: string;
  #server: Server | undefined;
  #changes: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Nobody is connected, and slabs are kept for who may come. */
  #idle: Disposable | undefined;
  #accepted = 0;
  #unreachable = 0;
  #refused = 0;
  readonly #bytes = { upstream: { received: 0, sent: 0 }, downstream: { received: 0, sent: 0 } };

  /** @internal */
  constructor(options: TcpProxyOptions) {
    const {
      name = 'proxy',
      listen = '127.0.0.1:0',
      upstream,
      seed,
      governor = ungoverned,
      precision = 'timer',
    } = options;
    if (typeof name !== 'string' || name === '' || name.length > 256) {
      throw optionsInvalid('name', name, 'a text of 1 to 256 characters');
    }
    if (precision !== 'timer' && precision !== 'exact')
      throw optionsInvalid('precision', precision, "'timer' or 'exact'");
    this.#limits = limitsOf(options);
    this.name = name;
    this.#listen = checkedAddress('listen', listen);
    this.#upstream = checkedAddress('upstream', upstream);
    this.#governor = governor;
    this.#random = (seed === undefined ? governor.random : seeded(seed)).stream(name);
    this.#alarms = new Alarms(governor.clock, precision);
    this.#slabs = new SlabPool(this.#limits.proxyBufferBytes);
    this.#held = new HeldBytes(this.#limits.proxyBufferBytes, () => {
      for (const { links } of this.#connections) for (const link of links) link.review();
    });
  }

  /** Where it listens, with the port that it was given. */
  get listen(): string {
    return this.#listen;
  }

  /** The port of {@link TcpProxy.listen}. */
  get port(): number {
    return parseAddress(this.#listen).port;
  }

  /** What it stands before. */
  get upstream(): string {
    return this.#upstream;
  }

  /** Whether it listens. */
  get enabled(): boolean {
    return this.#server !== undefined;
  }

  /** Its toxics, those of upstream first, each in the order in which they were added. */
  get toxics(): readonly Toxic[] {
    const of = (stream: ToxicStream) => this.#toxics.filter((toxic) => toxic.stream === stream);
    return [...of('upstream'), ...of('downstream')];
  }

  /** What it did so far. */
  get statistics(): TcpProxyStatistics {
    const bytes = { upstream: { ...this.#bytes.upstream }, downstream: { ...this.#bytes.downstream } };
    for (const { links } of this.#connections) {
      for (const { stream, received, sent } of links) {
        bytes[stream].received += received;
        bytes[stream].sent += sent;
      }
    }
    const [accepted, open] = [this.#accepted, this.#connections.size];
    return {
      accepted,
      open,
      unreachable: this.#unreachable,
      refused: this.#refused,
      heldBytes: this.#held.bytes,
      bytes,
    };
  }

  /**
   * Adds a toxic behind those of its direction; it acts on open connections too.
   *
   * @throws TenstripError `OptionsInvalid`; `ProxyUnavailable` when the name is taken
   */
  addToxic(spec: ToxicSpec): Toxic {
    const toxic = toxicOf(spec);
    if (this.#toxics.some(({ name }) => name === toxic.name)) {
      throw this.#unavailable(`the toxic ${JSON.stringify(toxic.name)} exists already; give another name`);
    }
    if (this.#toxics.length >= this.#limits.maxToxics) {
      throw optionsInvalid('toxics', this.#toxics.length + 1, `at most ${this.#limits.maxToxics} (\`maxToxics\`)`);
    }
    this.#setToxics([...this.#toxics, toxic]);
    return toxic;
  }

  /** Changes a toxic; what it holds is planned anew. @throws TenstripError `OptionsInvalid`, `TargetUnknown` */
  updateToxic(name: string, change: ToxicChange): Toxic {
    const toxic = changedToxic(this.toxic(name), change);
    this.#setToxics(this.#toxics.map((other) => (other.name === name ? toxic : other)));
    for (const { links } of this.#connections) for (const link of links) link.updateToxic(toxic);
    return toxic;
  }

  /**
   * Takes a toxic away: what it held goes out at once. Where it dropped data, the connection is closed.
   *
   * @throws TenstripError `TargetUnknown`
   */
  removeToxic(name: string): void {
    const toxic = this.toxic(name);
    this.#setToxics(this.#toxics.filter((other) => other !== toxic));
  }

  /** Takes all toxics away. */
  removeToxics(): void {
    this.#setToxics([]);
  }

  /** A toxic by name. @throws TenstripError `TargetUnknown` */
  toxic(name: string): Toxic {
    const found = this.#toxics.find((toxic) => toxic.name === name);
    if (found !== undefined) return found;
    throw new TenstripError<ChaosErrorCode>(
      'TargetUnknown',
      `the proxy ${this.name} has no toxic ${JSON.stringify(name)}`,
      {
        details: { target: name },
      },
    );
  }

  #setToxics(toxics: readonly Toxic[]): void {
    this.#toxics = toxics;
    for (const { links } of this.#connections) {
      for (const link of links) link.setToxics(toxics.filter(({ stream }) => stream === link.stream));
    }
  }

  /** Listens; nothing when it does. @throws TenstripError `ProxyUnavailable`, `CapabilityDenied`, `EngineClosed` */
  start(): Promise<void> {
    return this.#inTurn(() => this.#start());
  }

  /** Listens no more, and drops its connections. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop());
  }

  /** Changes where it listens and what it stands before, and whether it does. @throws as {@link TcpProxy.start}; `OptionsInvalid` */
  update(change: TcpProxyChange): Promise<void> {
    return this.#inTurn(async () => {
      const { listen = this.#listen, upstream = this.#upstream, enabled = this.enabled } = change;
      checkedAddress('listen', listen);
      checkedAddress('upstream', upstream);
      const sameListen = listen === this.#listen || (await this.listensOn(listen));
      const same = sameListen && upstream === this.#upstream;
      if (!same) {
        await this.#stop();
        this.#listen = listen;
        this.#upstream = upstream;
      }
      if (enabled) await this.#start();
      else await this.#stop();
    });
  }

  /** Whether an address, such as `localhost:80`, names where it listens. @throws TenstripError `ProxyUnavailable` for a name that is none */
  async listensOn(listen: string): Promise<boolean> {
    const { host, port } = parseAddress(listen);
    return formatAddress({ host: await this.#resolved(host), port }) === this.#listen;
  }

  /** Stops for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.stop();
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** One change after another. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => {});
    return done;
  }

  async #start(): Promise<void> {
    if (this.#server !== undefined) return;
    if (this.#closed) throw new TenstripError<ChaosErrorCode>('EngineClosed', `the proxy ${this.name} is closed`);
    const asked = parseAddress(this.#listen);
    const host = await this.#resolved(asked.host);
    const upstream = parseAddress(this.#upstream);
    if (this.#governor.sandboxed) {
      const net = this.#governor.use('net');
      // Any free port is a port that nobody granted: under a sandbox a proxy says which one.
      await net.allow(host === '' ? '0.0.0.0' : host, asked.port);
      await net.allow(upstream.host === '' ? 'localhost' : upstream.host, upstream.port);
    }
    const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true, highWaterMark: socketBufferBytes };
    const server = createServer(options, (client) => this.#accept(client, upstream));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: asked.port, ...(host === '' ? {} : { host }) }, resolve);
    }).catch((cause: NodeJS.ErrnoException) => {
      throw this.#unavailable(`listen tcp ${formatAddress({ host, port: asked.port })}: ${bindProblem(cause)}`, cause);
    });
    // Out of file descriptors for a moment: the client waits in the backlog.
    server.removeAllListeners('error').on('error', () => {});
    this.#server = server;
    const { address, port } = server.address() as { address: string; port: number };
    this.#listen = formatAddress({ host: address, port });
  }

  async #stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of [...this.#connections]) connection.destroy();
    await closed;
    this.#idle?.[Symbol.dispose]();
    this.#slabs.clear();
  }

  #accept(client: Socket, upstream: Address): void {
    this.#idle?.[Symbol.dispose]();
    const index = this.#accepted++;
    if (this.#connections.size >= this.#limits.maxConnections) {
      this.#refused++;
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const connection = new Connection(index, client, {
      governor: this.#governor,
      alarms: this.#alarms,
      held: this.#held,
      slabs: this.#slabs,
      linkBufferBytes: this.#limits.linkBufferBytes,
      connectTimeoutMs: this.#limits.connectTimeoutMs,
      upstream,
      random: () => this.#random.stream(index),
      toxics: () => this.#toxics,
      refused: () => {
        this.#unreachable++;
      },
      closed: (over) => {
        this.#connections.delete(over);
        if (this.#connections.size === 0 && this.#slabs.spare > 0) this.#letGoOfSlabs();
        for (const { stream, received, sent } of over.links) {
          this.#bytes[stream].received += received;
          this.#bytes[stream].sent += sent;
        }
      },
    });
    this.#connections.add(connection);
  }

  /** Unless a connection comes soon. */
  #letGoOfSlabs(): void {
    this.#idle?.[Symbol.dispose]();
    this.#idle = this.#alarms.at(this.#alarms.now() + idleMs, () => this.#slabs.clear());
  }

  async #resolved(host: string): Promise<string> {
    return resolveHost(host).catch((cause: AddressProblem) => {
      throw this.#unavailable(`listen tcp: ${cause.message}`, cause);
    });
  }

  #unavailable(message: string, cause?: unknown): TenstripError<ChaosErrorCode> {
    return new TenstripError<ChaosErrorCode>('ProxyUnavailable', message, { details: { proxy: this.name }, cause });
  }
}

/** The words that Go has for it. */
function bindProblem({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'bind: address already in use';
    case 'EACCES':
      return 'bind: permission denied';
    case 'EADDRNOTAVAIL':
      return 'bind: cannot assign requested address';
    default:
      return message;
  }
}

function checkedAddress(path: string, text: unknown): string {
  if (typeof text !== 'string') throw optionsInvalid(path, text, 'a text host:port');
  try {
    parseAddress(text);
    return text;
  } catch (problem) {
    if (!(problem instanceof AddressProblem)) throw problem;
    throw optionsInvalid(path, text, `host:port (${problem.message})`);
  }
}

function limitsOf(options: TcpProxyOptions): typeof defaults {
  const limits = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 1) throw optionsInvalid(name, value, 'a whole number above 0');
    limits[name] = value;
  }
  return limits;
}

function seeded(seed: number | bigint | string): RandomSource {
  if (typeof seed !== 'string' && typeof seed !== 'bigint' && !Number.isFinite(seed)) {
    throw optionsInvalid('seed', seed, 'a finite number, a bigint or a text');
  }
  return seededRandom(seed);
}
