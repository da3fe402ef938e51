// A client, its upstream, and a link in each direction. It is over when both sockets are closed.

import { connect, type Socket } from 'node:net';
import type { RandomSource } from '@tenstrip/shared-core';
import type { Address } from './address.js';
import { type Ending, Link, type LinkOptions, type LinkOwner } from './link.js';
import { ReadBuffer } from './read-buffer.js';
import type { Toxic } from './toxic.js';

/** Written and not yet taken by the kernel, before a source is paused. */
export const socketBufferBytes = 262_144;
/** A side that a toxic closed is read to its end so long, so that no unread byte turns the close into a reset. */
const lingerMs = 1000;

/** What a connection needs of its proxy. */
export interface ConnectionOptions extends LinkOptions {
  readonly upstream: Address;
  readonly connectTimeoutMs: number;
  /** The connection's own stream, made when a toxic draws from it. */
  readonly random: () => RandomSource;
  /** Toxics at the moment. */
  readonly toxics: () => readonly Toxic[];
  /** It is over. */
  readonly closed: (connection: Connection) => void;
  /** The upstream could not be reached. */
  readonly refused: () => void;
}

/** A proxied connection. */
export class Connection implements LinkOwner {
  /** In the order of acceptance, from 0. */
  readonly index: number;
  readonly client: Socket;
  readonly upstream: Socket;
  readonly #options: ConnectionOptions;
  readonly #up: Link;
  readonly #down: Link;
  /** What the upstream is read into. */
  readonly #lent: ReadBuffer;
  #open = 2;
  #connecting: Disposable | undefined;
  #linger: Disposable | undefined;
  #started = false;

  constructor(index: number, client: Socket, options: ConnectionOptions) {
    this.index = index;
    this.client = client;
    this.#options = options;
    const { host, port } = options.upstream;
    const lent = new ReadBuffer(options.slabs);
    this.#lent = lent;
    this.upstream = connect({
      host: host === '' ? 'localhost' : host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      onread: {
        buffer: () => lent.room,
        callback: (length) => {
          this.#down.read(length, lent);
          return true;
        },
      },
      ...highWaterMark(),
    });
    const { random } = options;
    this.#up = new Link(this, 'upstream', client, this.upstream, random, options);
    this.#down = new Link(this, 'downstream', this.upstream, client, random, options);
    for (const [socket, link] of [
      [client, this.#up],
      [this.upstream, this.#down],
    ] as const) {
      socket.on('error', () => this.#failed(link));
      socket.on('close', () => this.#socketClosed());
    }
    this.upstream.once('connect', () => this.#start());
    this.#connecting = options.alarms.at(options.alarms.now() + options.connectTimeoutMs, () => {
      options.refused();
      this.destroy();
    });
  }

  get links(): readonly Link[] {
    return [this.#up, this.#down];
  }

  #start(): void {
    this.#stopConnecting();
    this.#started = true;
    const toxics = this.#options.toxics();
    for (const link of this.links) link.start(toxics.filter(({ stream }) => stream === link.stream));
  }

  #stopConnecting(): void {
    this.#connecting?.[Symbol.dispose]();
    this.#connecting = undefined;
  }

  #failed(link: Link): void {
    if (!this.#started) {
      if (link === this.#down) this.#options.refused();
      this.destroy();
      return;
    }
    // Nothing can be delivered to a side that is gone.
    (link === this.#up ? this.#down : this.#up).dispose();
    link.sourceFailed();
  }

  #socketClosed(): void {
    if (--this.#open > 0) return;
    this.#stopConnecting();
    this.#linger?.[Symbol.dispose]();
    for (const link of this.links) link.dispose();
    this.#lent.close();
    this.#options.closed(this);
  }

  delivered({ source, sink }: Link, ending: Ending): void {
    if (sink.destroyed) {
      source.destroy();
    } else if (ending === 'half-close') {
      sink.end();
    } else if (ending === 'reset') {
      // After what was written before.
      if (sink.writableLength === 0 || sink.writableEnded) sink.resetAndDestroy();
      else sink.write('', () => sink.resetAndDestroy());
    } else {
      source.destroy();
      this.#up.dispose();
      this.#down.dispose();
      sink.end();
      sink.resume();
      const { alarms } = this.#options;
      this.#linger = alarms.at(alarms.now() + lingerMs, () => sink.destroy());
    }
  }

  reset(): void {
    for (const link of this.links) link.dispose();
    this.client.resetAndDestroy();
    this.upstream.resetAndDestroy();
  }

  destroy(): void {
    for (const link of this.links) link.dispose();
    this.client.destroy();
    this.upstream.destroy();
  }
}

/** Sockets take it, Node's types of `connect` do not name it. */
function highWaterMark(): object {
  return { highWaterMark: socketBufferBytes };
}
