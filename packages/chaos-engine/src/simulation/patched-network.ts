// The network in a world: `connect`, `listen` and the write path of `node:net` on handles of the world, names by the world, and for each
// process an agent of node:http and a dispatcher of undici and `fetch` of its own, so that no pool of connections is shared.

import dns from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import { activeWorld } from './running-world.js';
import type { AnyFunction, Patch } from './runtime-patch.js';
import { CallEvent, eventCode } from './sim-event.js';
import type { SimProcess } from './sim-process.js';
import { listenProblem, lookupProblem, SimConnection, SimListener } from './sim-socket.js';
import { SimTimeout } from './sim-timers.js';
import type { World } from './world.js';

/** What of `net.Socket` is not in its types. */
interface SocketInternals extends Omit<net.Socket, 'connecting' | 'timeout'> {
  connecting: boolean;
  timeout?: number;
  _handle: unknown;
  _pendingData: unknown;
  _unrefTimer(): void;
  _onTimeout(): void;
  _reset(): void;
  _writeGeneric(many: boolean, data: unknown, encoding: BufferEncoding, done: (error?: Error) => void): unknown;
}

type Done = (error?: Error | null) => void;

/** Puts the world's network in place. */
export function patchNetwork(patch: Patch): void {
  patchSocket(patch);
  patchServer(patch);
  patchNames(patch);
  patchHttp(patch);
  patchDispatchers(patch);
}

function patchSocket(patch: Patch): void {
  const prototype = net.Socket.prototype as unknown as SocketInternals;
  patch.wrap(
    prototype,
    'connect',
    (world) =>
      function (this: SocketInternals, ...given: never[]) {
        return connect(world, this, ...connectArguments(given));
      } as AnyFunction,
  );
  patch.wrap(
    prototype,
    '_writeGeneric',
    (_, original) =>
      function (this: SocketInternals, many: boolean, data: unknown, encoding: BufferEncoding, done: Done) {
        if (this.connecting || !(this._handle instanceof SimConnection))
          return (original as AnyFunction).call(this, ...([many, data, encoding, done] as never[]));
        this._pendingData = null;
        this._unrefTimer();
        this._handle.write(
          many ? Buffer.concat((data as WriteRequest[]).map(bytesOf)) : bytesOf({ chunk: data as string, encoding }),
          done,
        );
        return undefined;
      } as AnyFunction,
  );
  patch.wrap(
    prototype,
    '_final',
    (_, original) =>
      function (this: SocketInternals, done: Done) {
        if (this.pending || !(this._handle instanceof SimConnection))
          return (original as AnyFunction).call(this, done as never);
        this._handle.finish(done);
      } as AnyFunction,
  );
  // A library may end a connection of one node while another runs (undici's timeouts come from one timer for all). What follows is the
  // matter of the node that has the connection.
  patch.wrap(
    prototype,
    'destroy',
    (world, original) =>
      function (this: SocketInternals, ...given: never[]) {
        const owner = this._handle instanceof SimConnection ? this._handle.owner : world.current;
        if (owner === world.current || owner.world !== world || owner.state === 'dead' || world.isOver)
          return original.apply(this, given);
        world.plan(new CallEvent(owner, eventCode.internal, () => original.apply(this, given)), 0);
        return this;
      } as AnyFunction,
  );
  patch.wrap(
    prototype,
    'resetAndDestroy',
    (_, original) =>
      function (this: SocketInternals) {
        if (!(this._handle instanceof SimConnection)) return original.call(this);
        if (this.connecting) this.once('connect', () => this._reset());
        else this._reset();
        return this;
      } as AnyFunction,
  );
  const idle = new WeakMap<object, SimTimeout>();
  patch.wrap(
    prototype,
    'setTimeout',
    (world) =>
      function (this: SocketInternals, ms: number, done?: () => void) {
        idle.get(this)?.close();
        idle.delete(this);
        this.timeout = ms;
        if (ms > 0) {
          const fire = (): void => {
            if (!this.destroyed) this._onTimeout();
          };
          idle.set(this, SimTimeout.start(world.current, fire, ms, false, []));
        }
        if (done !== undefined) {
          if (ms > 0) this.once('timeout', done);
          else this.removeListener('timeout', done);
        }
        return this;
      } as AnyFunction,
  );
  patch.wrap(
    prototype,
    '_unrefTimer',
    (_, original) =>
      function (this: SocketInternals) {
        const timer = idle.get(this);
        if (timer !== undefined) {
          if (!timer.cancelled) timer.refresh();
        } else original.call(this);
      } as AnyFunction,
  );
  patch.wrap(
    prototype,
    '_destroy',
    (_, original) =>
      function (this: SocketInternals, ...given: never[]) {
        idle.get(this)?.close();
        return original.apply(this, given);
      } as AnyFunction,
  );
}

interface WriteRequest {
  readonly chunk: Uint8Array | string;
  readonly encoding: BufferEncoding;
}

/** A copy: who wrote it may write over it. */
function bytesOf({ chunk, encoding }: WriteRequest): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
}

interface ConnectOptions {
  readonly port?: number | string;
  readonly host?: string;
  readonly path?: string | null;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** `(options, listener)`, `(port, host, listener)`, `(path, listener)`, or the list that Node has made of one of them. */
function connectArguments(given: readonly unknown[]): [ConnectOptions, (() => void) | undefined] {
  if (Array.isArray(given[0]))
    return [given[0][0] as ConnectOptions, (given[0][1] as (() => void) | null) ?? undefined];
  const last = given.at(-1);
  const listener = typeof last === 'function' ? (last as () => void) : undefined;
  const [first, second] = given;
  if (typeof first === 'object' && first !== null) return [first as ConnectOptions, listener];
  if (typeof first === 'string' && !/^\d+$/.test(first)) return [{ path: first }, listener];
  return [{ port: first as number, ...(typeof second === 'string' ? { host: second } : {}) }, listener];
}

function connect(
  world: World,
  socket: SocketInternals,
  options: ConnectOptions,
  listener: (() => void) | undefined,
): SocketInternals {
  const owner = world.current;
  if (listener !== undefined) socket.once('connect', listener);
  if (options.port === undefined && !options.path) {
    const error = new TypeError('The "options" or "port" or "path" argument must be specified');
    throw Object.assign(error, { code: 'ERR_MISSING_ARGS' });
  }
  socket.connecting = true;
  const host = options.host || 'localhost';
  const remote = options.path ? owner : world.network.resolve(owner, host);
  if (remote === undefined) {
    const problem = lookupProblem(host);
    world.plan(
      new CallEvent(owner, eventCode.connect, () => {
        if (socket.destroyed) return;
        socket.emit('lookup', problem, undefined, undefined, host);
        socket.destroy(problem);
      }),
      0,
    );
    return socket;
  }
  const connection = new SimConnection(owner, owner.nextPort++, remote, options.path || Number(options.port));
  socket._handle = connection;
  connection.socket = socket as unknown as net.Socket;
  if (net.isIP(host) === 0 && !options.path) {
    world.plan(
      new CallEvent(owner, eventCode.connect, () => {
        if (!socket.destroyed) socket.emit('lookup', null, remote.address, 4, host);
      }),
      0,
    );
  }
  connection.onOpen = (problem) => {
    if (socket.destroyed) return;
    if (problem !== undefined) {
      socket.destroy(problem);
      return;
    }
    socket.connecting = false;
    socket._unrefTimer();
    socket.emit('connect');
    socket.emit('ready');
    if (!socket.isPaused()) socket.read(0);
  };
  connection.open();
  return socket;
}

function patchServer(patch: Patch): void {
  patch.wrap(
    net.Server.prototype,
    'listen',
    (world) =>
      function (this: net.Server & { _handle: unknown }, ...given: unknown[]) {
        const owner = world.current;
        if (this._handle)
          throw Object.assign(new Error('Listen method has been called more than once without closing.'), {
            code: 'ERR_SERVER_ALREADY_LISTEN',
          });
        const last = given.at(-1);
        if (typeof last === 'function') this.once('listening', last as () => void);
        const [first] = given;
        const options =
          typeof first === 'object' && first !== null ? (first as ConnectOptions & { port?: number }) : undefined;
        const path = options?.path ?? (typeof first === 'string' && !/^\d+$/.test(first) ? first : undefined);
        const asked =
          path ?? Number(options?.port ?? (typeof first === 'number' || typeof first === 'string' ? first : 0));
        const port = asked === 0 ? owner.nextPort++ : asked;
        if (owner.listeners.has(port)) {
          process.nextTick(() => this.emit('error', listenProblem(port)));
          return this;
        }
        this._handle = new SimListener(owner, port, this);
        options?.signal?.addEventListener('abort', () => this.close(), { once: true });
        process.nextTick(() => {
          if (!this._handle) return;
          this.emit('listening');
          stopConnectionsCheck(this);
        });
        return this;
      } as AnyFunction,
  );
}

/** node:http looks at its connections by a private real timer, which would outlive the world. */
function stopConnectionsCheck(server: net.Server): void {
  for (const symbol of Object.getOwnPropertySymbols(server)) {
    if (symbol.description === 'http.server.connectionsCheckingInterval') {
      clearInterval((server as unknown as Record<symbol, NodeJS.Timeout>)[symbol]);
    }
  }
}

type LookupDone = (problem: Error | null, address?: unknown, family?: number) => void;

function patchNames(patch: Patch): void {
  const look = (
    world: World,
    name: string,
    options: unknown,
  ): { address: string; family: 4 } | { address: string; family: 4 }[] => {
    const found = net.isIP(name) > 0 ? name : world.network.resolve(world.current, name)?.address;
    if (found === undefined) throw lookupProblem(name);
    const one = { address: found, family: 4 as const };
    return typeof options === 'object' && (options as { all?: boolean } | null)?.all ? [one] : one;
  };
  patch.wrap(
    dns,
    'lookup',
    (world) =>
      ((name: string, ...rest: unknown[]) => {
        const done = rest.pop() as LookupDone;
        let answer: () => void;
        try {
          const found = look(world, name, rest[0]);
          answer = Array.isArray(found) ? () => done(null, found) : () => done(null, found.address, found.family);
        } catch (error) {
          answer = () => done(error as Error);
        }
        world.plan(new CallEvent(world.current, eventCode.internal, answer), 0);
      }) as AnyFunction,
  );
  patch.wrap(
    dns.promises,
    'lookup',
    (world) => (async (name: string, options?: unknown) => look(world, name, options)) as AnyFunction,
  );
}

function patchHttp(patch: Patch): void {
  // The agent that requests without one use; each process has its own behind it.
  class AgentOfProcess extends http.Agent {
    addRequest(...given: unknown[]): void {
      const agent = ofProcess(
        activeWorld()!.current,
        http.Agent,
        () => new http.Agent({ keepAlive: true, timeout: 5000 }),
      );
      (agent as unknown as { addRequest(...given: unknown[]): void }).addRequest(...given);
    }
  }
  const { globalAgent } = http;
  const agent = new AgentOfProcess();
  const delegating = new Proxy(globalAgent, {
    get: (real, key) => Reflect.get(activeWorld() === undefined ? real : agent, key),
  });
  http.globalAgent = delegating;
  patch.atRestore(() => {
    http.globalAgent = globalAgent;
  });
  // node:http keeps the text of its Date header by a private timer and the real time.
  patch.wrap(
    http.ServerResponse.prototype,
    '_storeHeader',
    (_, original) =>
      function (this: http.ServerResponse, firstLine: string, headers: unknown) {
        let line = firstLine;
        if (this.sendDate && !hasDate(this, headers)) {
          this.sendDate = false;
          line += `Date: ${new Date().toUTCString()}\r\n`;
        }
        return original.call(this, line as never, headers as never);
      } as AnyFunction,
  );
}

function hasDate(response: http.ServerResponse, headers: unknown): boolean {
  if (response.hasHeader('date')) return true;
  if (Array.isArray(headers)) {
    return headers.some((entry) => String(Array.isArray(entry) ? entry[0] : entry).toLowerCase() === 'date');
  }
  return (
    typeof headers === 'object' &&
    headers !== null &&
    Object.keys(headers).some((name) => name.toLowerCase() === 'date')
  );
}

interface Dispatcher {
  dispatch(options: unknown, handler: unknown): boolean;
  destroy(error?: Error): Promise<void> | undefined;
  readonly constructor: new (...given: unknown[]) => Dispatcher;
}

/** Where undici, and Node's `fetch` by it, keep the dispatcher that requests without one use. */
const dispatcherKeys = [Symbol.for('undici.globalDispatcher.2'), Symbol.for('undici.globalDispatcher.1')];

function patchDispatchers(patch: Patch): void {
  for (const key of dispatcherKeys) {
    const real = (globalThis as unknown as Record<symbol, Dispatcher | undefined>)[key];
    if (real === undefined) continue;
    const dispatcherOf = (process: SimProcess): Dispatcher => ofProcess(process, key, () => newDispatcher(real));
    const delegating = Object.create(Object.getPrototypeOf(real) as object, {
      dispatch: {
        value: (options: unknown, handler: unknown) =>
          (activeWorld() === undefined ? real : dispatcherOf(activeWorld()!.current)).dispatch(options, handler),
      },
    }) as Dispatcher;
    patch.replace(globalThis, key, delegating);
  }
}

/** Ends what the processes of a world have: what undici does on time would go on in the next one. */
export function endConnections(processes: Iterable<SimProcess>): void {
  for (const { perProcess } of processes) {
    for (const made of perProcess.values()) {
      const ended = (made as Partial<Dispatcher>).destroy?.();
      if (ended instanceof Promise) ended.catch(() => {});
    }
  }
}

/** The same kind as the real one; a wrapper (undici 8 has one for callers of 7) is made around the process's own. */
function newDispatcher(real: Dispatcher): Dispatcher {
  if (real.constructor.name === 'Agent') return new real.constructor();
  const inner = (globalThis as unknown as Record<symbol, Dispatcher>)[dispatcherKeys[0]!];
  return new real.constructor(inner);
}

function ofProcess<T>(process: SimProcess, key: unknown, make: () => T): T {
  let made = process.perProcess.get(key) as T | undefined;
  if (made === undefined) {
    made = make();
    process.perProcess.set(key, made);
  }
  return made;
}
