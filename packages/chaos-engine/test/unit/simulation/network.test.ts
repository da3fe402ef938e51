// What a faulty network does to programs: silence where it is cut, slowness where it loses, order and bytes kept in streams.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { simulate, type World } from '../../../src/index.js';

async function httpServer(world: World, name: string, answer = 'ok'): Promise<void> {
  await world.node(name, async () => {
    await new Promise<void>((resolve) => http.createServer((_, response) => response.end(answer)).listen(80, resolve));
  }).ready;
}

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
}

const get = async (host: string): Promise<string> => {
  const request = http.get({ host, port: 80 });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return body;
};

describe('names and ports', () => {
  it('are those of the nodes', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      await httpServer(world, 'web');
      const { address } = world.nodes[0]!;
      return [
        await get('web'),
        await get(address),
        await outcome(() => get('nowhere')),
        await outcome(() => get('localhost')),
      ];
    });
    expect(run.value).toEqual(['ok', 'ok', 'ENOTFOUND', 'ECONNREFUSED']);
  });
});

describe('a partition', () => {
  it('is silence until it heals, and what was sent comes then', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      await httpServer(world, 'web');
      const cut = world.network.partition([['scenario'], ['web']]);
      setTimeout(() => cut.undo(), 10_000);
      const body = await get('web');
      return [body, performance.now() > 10_000];
    });
    expect(run.value).toEqual(['ok', true]);
  });

  it('ends in ETIMEDOUT for a connection that is being made', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      await httpServer(world, 'web');
      world.network.partition([['scenario'], ['web']]);
      return [await outcome(() => get('web')), performance.now()];
    });
    expect(run.value).toEqual(['ETIMEDOUT', 127_000]); // six retries of Linux: 1 + 2 + 4 + … + 64 s
  });

  it('of one way lets the other way through', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      const got: string[] = [];
      for (const name of ['a', 'b']) {
        world.node(name, (env) => {
          env.onMessage((message: string) => got.push(`${name} got ${message}`));
          setTimeout(() => env.send(name === 'a' ? 'b' : 'a', `from ${name}`), 10);
        });
      }
      world.network.partition([['a'], ['b']], { oneWay: true });
      await sleep(100);
      return got;
    });
    expect(run.value).toEqual(['a got from b']);
  });

  it('heals with the rest', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      await httpServer(world, 'web');
      world.network.partition([['scenario'], ['web']]);
      const slow = world.network.link('scenario', 'web', { latencyMs: 1000 });
      world.network.heal();
      slow.undo();
      return [await get('web'), performance.now() < 10];
    });
    expect(run.value).toEqual(['ok', true]);
  });
});

describe('a link', () => {
  it('takes its latency each way, and its width for each byte', async () => {
    const run = await simulate({ seed: 1, network: { latencyMs: 100 } }, async (world) => {
      await world.node('sink', async () => {
        await new Promise<void>((resolve) =>
          net.createServer((socket) => socket.resume().on('end', () => socket.end())).listen(9, resolve),
        );
      }).ready;
      const began = performance.now();
      const socket = net.connect(9, 'sink');
      await once(socket, 'connect');
      const connected = performance.now() - began;
      using _narrow = world.network.link('scenario', 'sink', { bytesPerSecond: 10_000 });
      socket.end(Buffer.alloc(20_000));
      socket.resume();
      await once(socket, 'close');
      return [connected, Math.round((performance.now() - began - connected) / 100) / 10];
    });
    expect(run.value).toEqual([200, 2.2]);
  });

  it('that loses makes a stream slow and nothing else; messages it loses for good', async () => {
    const run = await simulate({ seed: 3, network: { loss: 0.5 } }, async (world) => {
      await httpServer(world, 'web', 'x'.repeat(100_000));
      let messages = 0;
      world.node('to', (env) => env.onMessage(() => messages++));
      world.node('from', (env) => {
        for (let index = 0; index < 200; index++) env.send('to', index);
      });
      const body = await get('web');
      return [body.length, performance.now() > 200, messages];
    });
    expect(run.value!.slice(0, 2)).toEqual([100_000, true]);
    // Binomial(200, 1/2): outside of 60 to 140 once in 10^8 seeds; and the seed is fixed.
    expect(run.value![2]).toBeGreaterThan(60);
    expect(run.value![2]).toBeLessThan(140);
  });

  it('keeps messages in order unless it holds back, and doubles them when it doubles', async () => {
    const messages = async (network: object): Promise<number[]> => {
      const run = await simulate({ seed: 1, network: { jitterMs: 50, ...network } }, async (world) => {
        const got: number[] = [];
        world.node('to', (env) => env.onMessage((message: number) => got.push(message)));
        world.node('from', (env) => {
          for (let index = 0; index < 100; index++) env.send('to', index);
        });
        await sleep(2000);
        return got;
      });
      return run.value!;
    };
    const all = Array.from({ length: 100 }, (_, index) => index);
    expect(await messages({})).toEqual(all);
    const reordered = await messages({ reorder: 0.2 });
    expect(reordered).not.toEqual(all);
    expect(reordered.toSorted((a, b) => a - b)).toEqual(all);
    const doubled = await messages({ duplicate: 1 });
    expect(doubled.toSorted((a, b) => a - b)).toEqual(all.flatMap((message) => [message, message]));
  });
});

describe('the death of a peer', () => {
  it('resets its connections', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      await world.node('web', async () => {
        await new Promise<void>((resolve) => http.createServer(() => {}).listen(80, resolve));
      }).ready;
      setTimeout(() => world.kill('web'), 50);
      const waiting = await outcome(() => get('web'));
      const after = await outcome(() => get('web'));
      return [waiting, after];
    });
    expect(run.value).toEqual(['ECONNRESET', 'ECONNREFUSED']);
  });

  it('is not noticed behind a partition', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      await httpServer(world, 'web');
      const socket = net.connect(80, 'web');
      await once(socket, 'connect');
      world.network.partition([['scenario'], ['web']]);
      world.kill('web');
      let closed = false;
      socket
        .on('error', () => {})
        .on('close', () => {
          closed = true;
        });
      await sleep(60_000);
      return closed;
    });
    expect(run.value).toBe(false);
  });
});

describe('pools of connections', () => {
  it.each([
    ['node:http', async (host: string) => void (await get(host))],
    ['fetch', async (host: string) => void (await (await fetch(`http://${host}/`)).text())],
  ])('of %s are each node’s own', async (_, call) => {
    const run = await simulate({ seed: 1 }, async (world) => {
      const callers = new Set<string | undefined>();
      await world.node('web', async () => {
        const server = http.createServer((request, response) => {
          callers.add(request.socket.remoteAddress);
          response.end('ok');
        });
        await new Promise<void>((resolve) => server.listen(80, resolve));
      }).ready;
      for (const name of ['a', 'b', 'a2']) await world.node(name, () => call('web')).ready;
      return callers.size;
    });
    expect(run.value).toBe(3);
  });
});
