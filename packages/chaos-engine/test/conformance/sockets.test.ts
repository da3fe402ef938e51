// The oracle is Node itself: each program runs once over the loopback of the real machine and once in a world, and must see the same
// events, bytes and errors in the same order.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch as undiciFetch, request as undiciRequest } from 'undici';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/index.js';

type Program = (seen: unknown[]) => Promise<void>;

const host = '127.0.0.1';

async function listening<S extends net.Server>(server: S): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

function watch(seen: unknown[], name: string, emitter: NodeJS.EventEmitter, events: readonly string[]): void {
  for (const event of events) {
    emitter.on(event, (first?: unknown) => {
      if (first instanceof Error)
        seen.push(`${name} ${event} ${(first as NodeJS.ErrnoException).code ?? first.message}`);
      else seen.push(`${name} ${event}${typeof first === 'boolean' ? ` ${first}` : ''}`);
    });
  }
}

const socketEvents = ['connect', 'ready', 'end', 'finish', 'error', 'close', 'timeout'];

async function body(stream: AsyncIterable<unknown>): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}

function get(options: http.RequestOptions, send?: string | Readable): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, ...options }, resolve);
    request.on('error', reject);
    if (send instanceof Readable) send.pipe(request);
    else request.end(send);
  });
}

const netPrograms: Record<string, Program> = {
  async 'an echo with orderly ends'(seen) {
    const server = net.createServer((socket) => {
      watch(seen, 'server', socket, ['end', 'finish', 'close']);
      socket.pipe(socket);
    });
    const port = await listening(server);
    const socket = net.connect(port, host);
    watch(seen, 'client', socket, socketEvents);
    seen.push([socket.connecting, socket.pending, socket.readyState]);
    socket.end('hello');
    seen.push(await body(socket));
    await once(socket, 'close');
    seen.push([socket.bytesRead, socket.bytesWritten, socket.destroyed, socket.readyState]);
    server.close();
    await once(server, 'close');
    seen.push(server.listening);
  },
  async 'a connection that is refused'(seen) {
    const server = net.createServer();
    const port = await listening(server);
    server.close();
    await once(server, 'close');
    const socket = net.connect(port, host);
    watch(seen, 'client', socket, socketEvents);
    await once(socket, 'close').catch(() => {});
    await sleep(20);
  },
  async 'a port that is taken'(seen) {
    const server = net.createServer();
    const port = await listening(server);
    const second = net.createServer();
    watch(seen, 'second', second, ['error', 'listening', 'close']);
    second.listen(port, host);
    await once(second, 'error').catch((error: NodeJS.ErrnoException) => seen.push(error.code));
    try {
      server.listen(0);
    } catch (error) {
      seen.push((error as NodeJS.ErrnoException).code);
    }
    server.close();
  },
  async 'a half-open connection'(seen) {
    const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
      seen.push(`server got ${await body(socket)}`);
      await sleep(10);
      socket.end('late answer');
    });
    const port = await listening(server);
    const socket = net.connect({ port, host, allowHalfOpen: true });
    socket.end('question');
    seen.push(await body(socket));
    await once(socket, 'close');
    server.close();
  },
  async 'a reset'(seen) {
    const server = net.createServer((socket) => {
      watch(seen, 'server', socket, ['error', 'close', 'end']);
    });
    const port = await listening(server);
    const socket = net.connect(port, host);
    await once(socket, 'connect');
    watch(seen, 'client', socket, ['error', 'close', 'end']);
    await sleep(10);
    socket.resetAndDestroy();
    await sleep(50);
    seen.sort(); // which side hears of it first is chance
    server.close();
  },
  async 'a destroyed server side'(seen) {
    const server = net.createServer((socket) => {
      socket.write('bye', () => setTimeout(() => socket.destroy(), 10));
    });
    const port = await listening(server);
    const socket = net.connect(port, host);
    watch(seen, 'client', socket, ['end', 'error', 'close']);
    seen.push(await body(socket));
    await sleep(20);
    server.close();
  },
  async 'a write after the end'(seen) {
    const server = net.createServer((socket) => socket.resume());
    const port = await listening(server);
    const socket = net.connect(port, host);
    watch(seen, 'client', socket, ['error', 'close', 'finish']);
    await once(socket, 'connect');
    socket.end('x');
    socket.write('y');
    await sleep(50);
    server.close();
  },
  async 'a destroy before the connection'(seen) {
    const server = net.createServer();
    const port = await listening(server);
    const socket = net.connect(port, host);
    watch(seen, 'client', socket, socketEvents);
    socket.destroy(new Error('changed my mind'));
    await sleep(30);
    server.close();
  },
  async 'an idle timeout'(seen) {
    const server = net.createServer((socket) => {
      setTimeout(() => socket.write('tick'), 40);
    });
    const port = await listening(server);
    const socket = net.connect(port, host);
    const began = performance.now();
    socket.on('data', (data) => seen.push(String(data)));
    socket.setTimeout(800, () => {
      seen.push(performance.now() - began >= 840 ? 'idle after the last data' : 'idle too early');
      socket.destroy();
    });
    watch(seen, 'client', socket, ['timeout', 'close']);
    await once(socket, 'close');
    server.close();
  },
  async 'an abort signal'(seen) {
    const server = net.createServer();
    const port = await listening(server);
    const controller = new AbortController();
    const socket = net.connect({ port, host, signal: controller.signal } as net.NetConnectOpts);
    watch(seen, 'client', socket, ['error', 'close']);
    await once(socket, 'connect');
    controller.abort();
    await once(socket, 'close').catch(() => {});
    await sleep(10);
    server.close();
  },
  async 'a megabyte against a slow reader'(seen) {
    const server = net.createServer(async (socket) => {
      let length = 0;
      let sum = 0;
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        length += chunk.length;
        for (const byte of chunk) sum = (sum * 31 + byte) % 1_000_003;
        if (length % 7 === 0) await sleep(1);
      }
      socket.end(`${length} ${sum}`);
    });
    (server as net.Server & { allowHalfOpen: boolean }).allowHalfOpen = true;
    const port = await listening(server);
    const socket = net.connect({ port, host, allowHalfOpen: true });
    let hadToWait = false;
    for (let block = 0; block < 64; block++) {
      if (!socket.write(Buffer.alloc(16_384, block))) {
        hadToWait = true;
        await once(socket, 'drain');
      }
    }
    socket.end();
    seen.push(await body(socket), hadToWait);
    server.close();
  },
  async 'a socket made before it is connected'(seen) {
    const server = net.createServer((socket) => socket.end('hi'));
    const port = await listening(server);
    class Special extends net.Socket {}
    const socket = new Special();
    watch(seen, 'client', socket, socketEvents);
    socket.setEncoding('utf8');
    socket.connect({ port, host }, () => seen.push('connected'));
    seen.push(await body(socket), socket instanceof net.Socket);
    await once(socket, 'close');
    server.close();
  },
};

const httpPrograms: Record<string, Program> = {
  async 'requests on one kept connection'(seen) {
    const ports = new Set<number | undefined>();
    const server = http.createServer(async (request, response) => {
      ports.add(request.socket.remotePort);
      response.setHeader('x-method', request.method!);
      response.end(`${request.url} ${await body(request)}`);
    });
    const port = await listening(server);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const method of ['GET', 'POST', 'PUT', 'HEAD', 'DELETE']) {
      const response = await get({ port, agent, method, path: `/${method}` }, method === 'POST' ? 'sent' : undefined);
      seen.push([
        response.statusCode,
        response.headers['x-method'],
        response.headers['content-length'],
        await body(response),
      ]);
    }
    seen.push(ports.size);
    agent.destroy();
    server.close();
    await once(server, 'close');
  },
  async 'chunks both ways'(seen) {
    const server = http.createServer(async (request, response) => {
      await pipeline(
        request,
        async function* (source) {
          for await (const chunk of source) yield String(chunk).toUpperCase();
        },
        response,
      );
    });
    const port = await listening(server);
    const response = await get({ port, method: 'POST' }, Readable.from(['one ', 'two ', 'three']));
    seen.push(response.headers['transfer-encoding'], await body(response));
    server.close();
  },
  async 'an expected continuation'(seen) {
    const server = http.createServer(async (request, response) => response.end(await body(request)));
    const port = await listening(server);
    const request = http.request({ host, port, method: 'POST', headers: { expect: '100-continue' } });
    request.on('continue', () => {
      seen.push('continue');
      request.end('body');
    });
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    seen.push(await body(response));
    server.close();
  },
  async 'an upgrade'(seen) {
    const server = http.createServer();
    server.on('upgrade', (request, socket) => {
      seen.push(request.headers.upgrade);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const port = await listening(server);
    const request = http.request({ host, port, headers: { connection: 'Upgrade', upgrade: 'echo' } });
    request.end();
    const [, socket] = (await once(request, 'upgrade')) as [unknown, net.Socket];
    socket.end('over the new protocol');
    seen.push(await body(socket));
    server.close();
  },
  async 'a request that is given up'(seen) {
    const server = http.createServer((request, response) => {
      response.on('close', () => seen.push(`response close, finished ${response.writableFinished}`));
      request.on('error', (error: NodeJS.ErrnoException) => seen.push(`request ${error.code}`));
      response.write('begun');
    });
    const port = await listening(server);
    const response = await get({ port });
    response.on('error', (error: NodeJS.ErrnoException) => seen.push(`answer ${error.code}`));
    response.once('data', () => response.destroy());
    await once(response, 'close');
    await sleep(30);
    server.close();
  },
  async 'a server that hangs up'(seen) {
    const server = http.createServer((request) => request.socket.destroy());
    const port = await listening(server);
    await get({ port }).catch((error: NodeJS.ErrnoException) => seen.push(error.code, error.message));
    server.close();
  },
  async 'a request timeout'(seen) {
    const server = http.createServer(() => {});
    const port = await listening(server);
    const request = http.request({ host, port, timeout: 50 });
    request.on('timeout', () => {
      seen.push('timeout');
      request.destroy();
    });
    request.end();
    await once(request, 'response').catch((error: NodeJS.ErrnoException) => seen.push(error.code));
    server.closeAllConnections();
    server.close();
  },
  async 'a request that is no HTTP'(seen) {
    const server = http.createServer(() => seen.push('never'));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      seen.push(error.code);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const port = await listening(server);
    const socket = net.connect(port, host);
    socket.write('this is not http\r\n\r\n');
    seen.push(await body(socket));
    server.close();
  },
  async "undici's fetch and request"(seen) {
    const server = http.createServer(async (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method: request.method, got: await body(request) }));
    });
    const port = await listening(server);
    const answer = await undiciFetch(`http://${host}:${port}/`, { method: 'POST', body: 'by fetch' });
    seen.push(answer.status, await answer.json());
    const plain = await undiciRequest(`http://${host}:${port}/`, { method: 'PUT', body: 'by request' });
    seen.push(plain.statusCode, await plain.body.json());
    await undiciFetch(`http://${host}:${port}/`, { signal: AbortSignal.abort() }).catch((error: Error) =>
      seen.push(error.name),
    );
    server.closeAllConnections();
    server.close();
  },
  async "Node's own fetch"(seen) {
    const server = http.createServer(async (request, response) => {
      if (request.url === '/moved') {
        response.writeHead(302, { location: '/' });
        response.end();
        return;
      }
      response.end(`${request.method} ${await body(request)}`);
    });
    const port = await listening(server);
    const form = new URLSearchParams({ a: '1' });
    seen.push(await (await fetch(`http://${host}:${port}/`, { method: 'POST', body: form })).text());
    const moved = await fetch(`http://${host}:${port}/moved`);
    seen.push(moved.redirected, await moved.text());
    server.close();
    server.closeAllConnections();
    await fetch(`http://${host}:${port}/`).catch((error: Error) =>
      seen.push((error.cause as NodeJS.ErrnoException).code),
    );
  },
};

describe.each([
  ['node:net', netPrograms],
  ['http', httpPrograms],
])('%s in a world is as on the machine', (_, programs) => {
  it.each(Object.entries(programs))('%s', async (__, program) => {
    const real: unknown[] = [];
    await program(real);
    const run = await simulate({ seed: 1 }, async () => {
      const seen: unknown[] = [];
      await program(seen);
      return seen;
    });
    expect(run.failure).toBeUndefined();
    expect(run.value).toEqual(real);
  });
});
