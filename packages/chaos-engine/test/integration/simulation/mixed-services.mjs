// A small system that uses what servers use: node:http, undici, byte streams, async iterators, AbortSignal, setImmediate, nested timers,
// messages, a disk; under a swarm of faults. Plain JavaScript, so that test and child processes run the very same code.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch as undiciFetch } from 'undici';

/** @type {import('../../../src/index.js').ExploreOptions} */
export const options = { swarm: { untilMs: 3000, longestMs: 1500 }, allowCrashes: true };

const attempt = async (work) => {
  try {
    return await work();
  } catch (error) {
    return `${error.name} ${error.code ?? error.cause?.code ?? ''}`;
  }
};

async function webServer(env) {
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const upper = new Transform({
      transform(chunk, _encoding, done) {
        setImmediate(() => done(null, chunk.toString().toUpperCase()));
      },
    });
    response.setHeader('x-request', randomUUID());
    request.on('error', () => {});
    await pipeline(request, upper, response).catch(() => {});
    seen.push(Date.now());
    await env.disk.append('access.log', `${request.url}\n`);
    await env.disk.sync('access.log');
  });
  server.keepAliveTimeout = 700;
  await new Promise((resolve) => server.listen(8080, resolve));
}

async function lineServer() {
  const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on('error', () => {});
    let rest = '';
    try {
      for await (const chunk of socket) {
        rest += chunk;
        for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 1);
          await new Promise((resolve) => setTimeout(() => setTimeout(() => setImmediate(resolve), line.length), 1));
          socket.write(`${line.length}\n`);
        }
      }
      socket.end('bye\n');
    } catch {}
  });
  server.listen(7);
  await once(server, 'listening');
}

function gossip(env) {
  let rumours = 0;
  env.onMessage((message, from) => {
    rumours++;
    if (message.hops > 0) env.send(from, { hops: message.hops - 1, at: performance.now() });
  });
  setInterval(() => env.send(env.name === 'web' ? 'lines' : 'web', { hops: 3, rumours }), 250 + Math.random() * 10);
}

export async function mixedServices(world) {
  world.node('web', async (env) => {
    gossip(env);
    await webServer(env);
  });
  world.node('lines', async (env) => {
    gossip(env);
    await lineServer(env);
  });
  const outcomes = [];
  const client = (name, main) => world.node(name, main);
  const clients = [
    client('by-http', async () => {
      for (let turn = 0; turn < 6; turn++) {
        outcomes.push(
          await attempt(async () => {
            const request = http.request({ host: 'web', port: 8080, method: 'POST', timeout: 400 });
            request.on('timeout', () => request.destroy(new Error('slow')));
            request.on('error', () => {});
            Readable.from(['some ', 'text ', String(turn)]).pipe(request);
            const [response] = await once(request, 'response');
            let body = '';
            for await (const chunk of response) body += chunk;
            return `${body} ${response.headers['x-request']}`;
          }),
        );
        await sleep(300 * Math.random());
      }
    }),
    client('by-undici', async () => {
      for (let turn = 0; turn < 6; turn++) {
        outcomes.push(
          await attempt(async () => {
            const signal = AbortSignal.timeout(500);
            const response = await undiciFetch('http://web:8080/', { method: 'POST', body: `undici ${turn}`, signal });
            return `${response.status} ${await response.text()}`;
          }),
        );
        await sleep(200);
      }
    }),
    client('by-line', async () => {
      for (let turn = 0; turn < 3; turn++) {
        outcomes.push(
          await attempt(async () => {
            const socket = net.connect({ host: 'lines', port: 7 });
            socket.setTimeout(600, () => socket.destroy(new Error('idle')));
            const controller = new AbortController();
            const timer = setTimeout(() => controller.abort(), 900);
            socket.write('one\ntwo two\nthree ');
            setImmediate(() => socket.end('three three\n'));
            let all = '';
            for await (const chunk of Readable.from(socket, { signal: controller.signal })) all += chunk;
            clearTimeout(timer);
            return all;
          }),
        );
        await sleep(400);
      }
    }),
  ];
  await Promise.allSettled(clients.map((node) => node.ready));
  for (const outcome of outcomes) await world.record('client', 'outcome', () => outcome);
  return outcomes;
}
