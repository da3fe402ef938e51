// TCP in a world, as the handle objects that `net.Socket` and `net.Server` keep in `_handle`. A connection is a reliable, ordered
// stream over two links that are not: what a link loses is sent again after a growing timeout (RFC 6298's doubling), so a partition
// shows as silence, and after `giveUpMs` as ETIMEDOUT. Bounded by a window: a write is done once so much is under way.

import { executionAsyncId } from 'node:async_hooks';
import net from 'node:net';
import { inContext } from './patched-contexts.js';
import { CallEvent, eventCode, PlannedEvent } from './sim-event.js';
import type { Link } from './sim-network.js';
import type { SimProcess } from './sim-process.js';
import type { World } from './world.js';

/** Bytes under way in one direction before writes wait. */
const windowBytes = 65_536;
/** The largest piece in which a write arrives, as libuv reads. */
const segmentBytes = 65_536;
const firstRetryMs = 200;
/** Retries grow to at most this. */
const longestRetryMs = 60_000;
/** How long a connection tries before it gives up: about what Linux' 15 retries come to. */
const giveUpMs = 924_600;
/** The same for a connection that is being made: Linux' 6 retries. */
const connectGiveUpMs = 127_000;
const headerBytes = 40;

type Segment =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'accept' | 'end' | 'reset'; readonly bytes?: undefined };

/** One end of a connection; the `_handle` of a `net.Socket`. */
export class SimConnection {
  readonly owner: SimProcess;
  readonly localPort: number | string;
  readonly remote: SimProcess;
  readonly remotePort: number | string;
  peer: SimConnection | undefined;
  socket: net.Socket | undefined;
  /** What Node's own code looks at. */
  reading = false;
  bytesRead = 0;
  bytesWritten = 0;
  writeQueueSize = 0;
  readonly #link: Link;
  readonly #out: Segment[] = [];
  #sending = false;
  #lastArrivalMs = 0;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #arrived: Segment[] = [];
  #closed = false;
  #broken = false;
  #endSent = false;
  readonly #asyncId = executionAsyncId();
  #retries = 0;
  #stuckSinceMs = -1;
  /** A segment has come. */
  readonly arrive: (segment: Segment) => void;
  onOpen: ((problem?: NodeJS.ErrnoException) => void) | undefined;

  constructor(owner: SimProcess, localPort: number | string, remote: SimProcess, remotePort: number | string) {
    this.owner = owner;
    this.localPort = localPort;
    this.remote = remote;
    this.remotePort = remotePort;
    this.#link = owner.world.network.between(owner, remote);
    owner.connections.add(this);
    owner.world.openConnections.add(this);
    this.arrive = inContext(owner.world, (segment) => this.#arrive(segment));
  }

  get world(): World {
    return this.owner.world;
  }

  // What net.Socket calls

  readStart(): number {
    this.reading = true;
    this.#hand();
    return 0;
  }

  readStop(): number {
    this.reading = false;
    return 0;
  }

  /** Sends what was written; calls back when there is room for more. */
  write(bytes: Uint8Array, done: (problem?: NodeJS.ErrnoException) => void): void {
    if (this.#closed || this.#broken || this.#endSent) {
      done(socketProblem('write', 'EPIPE', -32));
      return;
    }
    this.bytesWritten += bytes.length;
    this.#underWay += bytes.length;
    this.writeQueueSize = this.#underWay;
    for (const piece of this.#pieces(bytes)) this.#send({ kind: 'data', bytes: piece });
    if (this.#underWay <= windowBytes) done();
    else this.#waiting.push(done);
  }

  /** Sends the end of the stream. */
  finish(done: () => void): void {
    if (!this.#endSent && !this.#closed && !this.#broken) {
      this.#endSent = true;
      this.#send({ kind: 'end' });
    }
    this.#later(0, done); // a shutdown is done in a later turn
  }

  close(done?: () => void): void {
    this.#shut(this.#arrived.some(({ kind }) => kind === 'data') ? 'reset' : 'end');
    this.#closedThen(done);
  }

  reset(done?: () => void): number {
    this.#shut('reset');
    this.#closedThen(done);
    return 0;
  }

  getAsyncId(): number {
    return this.#asyncId;
  }

  ref(): void {}
  unref(): void {}
  hasRef(): boolean {
    return true;
  }
  setNoDelay(): number {
    return 0;
  }
  setKeepAlive(): number {
    return 0;
  }
  setTypeOfService(): number {
    return 0;
  }
  getTypeOfService(): number {
    return 0;
  }

  getpeername(out: Record<string, unknown>): number {
    Object.assign(out, { address: this.remote.address, port: this.remotePort, family: 'IPv4' });
    return 0;
  }

  getsockname(out: Record<string, unknown>): number {
    Object.assign(out, { address: this.owner.address, port: this.localPort, family: 'IPv4' });
    return 0;
  }

  // What the network does

  /** Asks the other side for a connection; `onOpen` tells what became of it. */
  open(): void {
    const { world } = this;
    const beganMs = world.nowMs;
    let retryMs = 1000;
    const attempt = (): void => {
      if (this.#closed) return;
      if (this.#link.loses()) {
        if (world.nowMs - beganMs + retryMs > connectGiveUpMs) {
          const rest = Math.max(0, connectGiveUpMs - (world.nowMs - beganMs));
          this.#later(rest, () => this.#opened(connectProblem('ETIMEDOUT', -110, this)));
        } else this.#later(retryMs, attempt);
        retryMs *= 2;
        return;
      }
      // The other kernel answers, also for a process that is dead; so the event is not that process's.
      world.plan(new CallEvent(this.owner, eventCode.connect, () => this.#knock()), this.#link.delayMs(headerBytes));
    };
    attempt();
  }

  /** The process died; its kernel says so to the other side. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#out.length = 0;
    this.#arrived.length = 0;
    const { peer } = this;
    if (peer === undefined) return;
    // The event is the peer's: it comes although this process is dead, unless the network is cut.
    if (this.#link.loses()) return;
    this.#arriveAt(peer, { kind: 'reset' });
  }

  /** The request for a connection has come to the other process. */
  #knock(): void {
    const { remote } = this;
    const listener = remote.state === 'dead' ? undefined : remote.listeners.get(this.remotePort);
    if (this.#closed) return;
    if (listener === undefined) {
      const back = this.world.network.between(remote, this.owner);
      if (back.loses()) {
        this.#later(1000, () => this.open());
        return;
      }
      const refusal = new CallEvent(this.owner, eventCode.connect, () =>
        this.#opened(connectProblem('ECONNREFUSED', -111, this)),
      );
      this.world.plan(refusal, back.delayMs(headerBytes));
      return;
    }
    this.world.plan(new CallEvent(remote, eventCode.connect, () => this.#accepted()), 0);
  }

  /** The other process takes the connection. */
  #accepted(): void {
    const listener = this.remote.listeners.get(this.remotePort);
    const other = new SimConnection(this.remote, this.remotePort, this.owner, this.localPort);
    other.peer = this;
    this.peer = other;
    if (listener === undefined || this.#closed) {
      other.reset();
      return;
    }
    other.#send({ kind: 'accept' });
    listener.accept(other);
  }

  #opened(problem?: NodeJS.ErrnoException): void {
    const { onOpen } = this;
    this.onOpen = undefined;
    if (problem !== undefined) this.#closed = true;
    onOpen?.(problem);
  }

  #closedThen(done: (() => void) | undefined): void {
    this.world.openConnections.delete(this);
    if (done === undefined) return;
    // When a world is over there are no events any more; node:http frees what it has natively once its sockets are closed.
    if (this.world.isOver) process.nextTick(done);
    else this.#later(0, done);
  }

  #later(ms: number, callback: () => void): void {
    this.world.plan(new CallEvent(this.owner, eventCode.internal, callback), ms);
  }

  /** A write in the pieces in which it will arrive. */
  *#pieces(bytes: Uint8Array): IterableIterator<Uint8Array> {
    let rest = bytes;
    const { slice } = this.#link.faults;
    if (slice > 0) {
      const cut = Math.floor(this.#link.slices.sometimesUpTo(slice, bytes.length));
      if (cut > 0) {
        this.world.note(this.owner, `a write of ${bytes.length} bytes to ${this.remote.name} is cut after ${cut}`);
        yield bytes.subarray(0, cut);
        rest = bytes.subarray(cut);
      }
    }
    for (let offset = 0; offset < rest.length; offset += segmentBytes)
      yield rest.subarray(offset, offset + segmentBytes);
  }

  #send(segment: Segment): void {
    this.#out.push(segment);
    if (!this.#sending) this.#pump();
  }

  /** Puts on the link what waits, until the link loses something; then again after a while. */
  #pump(): void {
    const { world } = this;
    for (;;) {
      const segment = this.#out[0];
      if (segment === undefined || this.peer === undefined) {
        this.#sending = false;
        return;
      }
      if (this.#link.loses()) {
        if (this.#stuckSinceMs < 0) this.#stuckSinceMs = world.nowMs;
        if (world.nowMs - this.#stuckSinceMs > giveUpMs) {
          this.#break(socketProblem('read', 'ETIMEDOUT', -110));
          return;
        }
        this.#sending = true;
        const retryMs = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#retries++);
        const retry = new CallEvent(this.owner, eventCode.internal, () => this.#pump());
        if (this.#closed) retry.incarnation = 0;
        world.plan(retry, retryMs);
        return;
      }
      this.#retries = 0;
      this.#stuckSinceMs = -1;
      this.#out.shift();
      this.#arriveAt(this.peer, segment);
    }
  }

  #arriveAt(peer: SimConnection, segment: Segment): void {
    const { world } = this;
    const arrivalMs = world.nowMs + this.#link.delayMs((segment.bytes?.length ?? 0) + headerBytes);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivalMs);
    world.plan(new SegmentEvent(peer, segment), this.#lastArrivalMs - world.nowMs);
  }

  #arrive(segment: Segment): void {
    if (segment.kind === 'accept') this.#opened();
    else if (segment.kind === 'reset') this.#break(socketProblem('read', 'ECONNRESET', -104));
    else this.#take(segment);
  }

  #take(segment: Segment): void {
    if (this.#closed) {
      if (segment.kind === 'data' && this.peer !== undefined && !this.#broken) {
        this.#broken = true;
        this.#out.length = 0;
        this.#send({ kind: 'reset' });
      }
      return;
    }
    this.world.hashBytes(segment.bytes);
    this.#arrived.push(segment);
    if (this.reading) this.#hand();
  }

  /** Hands to the socket what has come, as long as it wants it. */
  #hand(): void {
    const { socket } = this;
    while (this.reading && this.#arrived.length > 0 && !this.#closed && socket !== undefined) {
      const segment = this.#arrived.shift()!;
      if (segment.kind !== 'data') {
        socket.push(null);
        socket.read(0);
        return;
      }
      this.bytesRead += segment.bytes.length;
      this.peer?.room(segment.bytes.length);
      unrefTimer(socket);
      if (!socket.push(Buffer.from(segment.bytes))) this.reading = false;
    }
  }

  /** The other side took so much. The acknowledgement itself takes no time. */
  room(bytes: number): void {
    this.#underWay -= bytes;
    this.writeQueueSize = this.#underWay;
    if (this.#underWay > windowBytes || this.#waiting.length === 0) return;
    const waiting = this.#waiting.splice(0);
    this.world.plan(
      new CallEvent(this.owner, eventCode.internal, () => {
        for (const done of waiting) done();
      }),
      this.world.network.between(this.remote, this.owner).faults.latencyMs,
    );
  }

  #break(problem: NodeJS.ErrnoException): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#out.length = 0;
    this.#arrived.length = 0;
    this.owner.connections.delete(this);
    if (this.onOpen !== undefined) this.#opened(problem);
    else if (!this.#closed) this.socket?.destroy(problem);
  }

  #shut(last: 'end' | 'reset'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.owner.connections.delete(this);
    this.#arrived.length = 0;
    const waiting = this.#waiting.splice(0);
    for (const done of waiting) done();
    if (this.#broken || this.peer === undefined) return;
    if (last === 'reset') {
      this.#broken = true;
      this.#out.length = 0;
      this.#send({ kind: 'reset' });
    } else if (!this.#endSent) {
      this.#endSent = true;
      this.#send({ kind: 'end' });
    }
  }
}

function unrefTimer(socket: net.Socket): void {
  (socket as unknown as { _unrefTimer(): void })._unrefTimer();
}

class SegmentEvent extends PlannedEvent {
  readonly code = eventCode.segment;
  readonly #connection: SimConnection;
  readonly #segment: Segment;

  constructor(connection: SimConnection, segment: Segment) {
    super(connection.owner);
    this.#connection = connection;
    this.#segment = segment;
  }

  fire(): void {
    this.#connection.arrive(this.#segment);
  }
}

/** A port that is listened on; the `_handle` of a `net.Server`. */
export class SimListener {
  readonly owner: SimProcess;
  readonly port: number | string;
  readonly #server: net.Server;
  /** What `net.Server` does for a connection. */
  readonly accept: (connection: SimConnection) => void;

  constructor(owner: SimProcess, port: number | string, server: net.Server) {
    this.owner = owner;
    this.port = port;
    this.#server = server;
    owner.listeners.set(port, this);
    this.accept = inContext(owner.world, (connection) => this.#accept(connection));
  }

  close(): void {
    if (this.owner.listeners.get(this.port) === this) this.owner.listeners.delete(this.port);
  }

  ref(): void {}
  unref(): void {}

  getsockname(out: Record<string, unknown>): number {
    Object.assign(out, { address: '0.0.0.0', port: this.port, family: 'IPv4' });
    return 0;
  }

  #accept(connection: SimConnection): void {
    const server = this.#server as net.Server & {
      _connections: number;
      allowHalfOpen?: boolean;
      pauseOnConnect?: boolean;
    };
    if (server.maxConnections && server._connections >= server.maxConnections) {
      connection.reset();
      server.emit('drop');
      return;
    }
    const socket = new net.Socket({
      handle: connection,
      allowHalfOpen: server.allowHalfOpen ?? false,
      pauseOnCreate: server.pauseOnConnect ?? false,
      readable: true,
      writable: true,
    } as net.SocketConstructorOpts);
    connection.socket = socket;
    server._connections++;
    Object.assign(socket, { server, _server: server });
    server.emit('connection', socket);
    if (connection.reading) connection.readStart();
  }
}

function socketProblem(syscall: string, code: string, errno: number): NodeJS.ErrnoException {
  return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall });
}

function connectProblem(code: string, errno: number, connection: SimConnection): NodeJS.ErrnoException {
  const address = connection.remote.address;
  const port = connection.remotePort;
  return Object.assign(new Error(`connect ${code} ${address}:${port}`), {
    errno,
    code,
    syscall: 'connect',
    address,
    port,
  });
}

/** What `getaddrinfo` says of a name that is not there. */
export function lookupProblem(hostname: string): NodeJS.ErrnoException {
  const problem = new Error(`getaddrinfo ENOTFOUND ${hostname}`);
  return Object.assign(problem, { errno: -3008, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname });
}

/** What `listen` says of a port that is taken. */
export function listenProblem(port: number | string): NodeJS.ErrnoException {
  const problem = new Error(`listen EADDRINUSE: address already in use :::${port}`);
  return Object.assign(problem, { errno: -98, code: 'EADDRINUSE', syscall: 'listen', address: '::', port });
}
