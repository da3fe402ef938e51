import { ResourceGovernor } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { createTcpProxy, type TcpProxy, type ToxicSpec, type ToxicStream } from '../../../src/index.js';
import { Client, collect, echo, pattern, type Received, serve } from './sockets.js';

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const noneOpen = (proxy: TcpProxy) => until(() => proxy.statistics.open === 0);

describe('a proxy without toxics', () => {
  it('passes every byte in both directions, and each end by itself', async () => {
    await using server = await serve((socket) => {
      // Answers only after the client's end: needs a half-open connection.
      void collect(socket).then(({ bytes }) => socket.end(Buffer.concat([bytes, pattern(300_000, 9)])));
    });
    await using proxy = await createTcpProxy({ upstream: server.address });
    const sent = pattern(3_000_000);
    const client = new Client(proxy.port);
    client.socket.end(sent);
    const { bytes, over } = await client.received;
    expect(over).toBe('end');
    expect(bytes.equals(Buffer.concat([sent, pattern(300_000, 9)]))).toBe(true);
    await noneOpen(proxy);
    expect(proxy.statistics).toMatchObject({
      accepted: 1,
      bytes: {
        upstream: { received: 3_000_000, sent: 3_000_000 },
        downstream: { received: 3_300_000, sent: 3_300_000 },
      },
    });
  });

  it('lets a sender wait when nobody reads, and goes on when somebody does', async () => {
    await using server = await serve((socket) => {
      socket.pause();
    });
    await using proxy = await createTcpProxy({ upstream: server.address });
    const client = new Client(proxy.port);
    const sent = pattern(64 * 2 ** 20);
    client.socket.end(sent);
    await until(() => proxy.statistics.bytes.upstream.received > 0);
    let before = -1;
    await until(() => {
      const { received } = proxy.statistics.bytes.upstream;
      const still = received === before;
      before = received;
      return still;
    });
    // What the kernel and one socket buffer take, and no more.
    expect(before).toBeLessThan(sent.length / 2);
    const reading = collect(server.sockets[0]!);
    server.sockets[0]!.resume();
    expect((await reading).bytes.equals(sent)).toBe(true);
  });

  it('keeps what a slow reader has not taken yet, in large and in small pieces', async () => {
    for (const piece of [200_000, 700]) {
      const sent = pattern(piece === 700 ? 700_000 : 24 * 2 ** 20);
      await using server = await serve((socket) => {
        for (let at = 0; at < sent.length; at += piece) socket.write(sent.subarray(at, at + piece));
        socket.end();
      });
      await using proxy = await createTcpProxy({ upstream: server.address });
      const client = new Client(proxy.port);
      for (let turn = 0; turn < 20; turn++) {
        client.socket.pause();
        await new Promise((resolve) => setTimeout(resolve, 4));
        client.socket.resume();
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await client.received).bytes.equals(sent)).toBe(true);
      client.socket.end();
    }
  });

  it('passes a reset on, after what was sent before', async () => {
    await using server = await serve((socket) => {
      socket.write('some bytes');
      socket.once('data', () => socket.resetAndDestroy());
    });
    await using proxy = await createTcpProxy({ upstream: server.address });
    const client = new Client(proxy.port);
    await client.until(10);
    client.socket.write('x');
    expect(await client.received).toEqual({ bytes: Buffer.from('some bytes'), over: 'reset' });
    await noneOpen(proxy);

    await using sink = await serve(() => {});
    await using other = await createTcpProxy({ upstream: sink.address });
    const resetting = new Client(other.port);
    resetting.socket.write('hello');
    await until(() => sink.sockets.length === 1);
    const received = collect(sink.sockets[0]!);
    await until(() => other.statistics.bytes.upstream.sent === 5);
    resetting.socket.resetAndDestroy();
    expect(await received).toEqual({ bytes: Buffer.from('hello'), over: 'reset' });
    await noneOpen(other);
  });

  it('passes the reset of a client that had closed its side before', async () => {
    await using server = await serve((socket) => {
      socket.resume();
      socket.on('end', () => {
        const timer = setInterval(() => socket.write('more'), 1);
        socket.on('close', () => clearInterval(timer));
      });
    });
    await using proxy = await createTcpProxy({ upstream: server.address });
    const client = new Client(proxy.port);
    client.socket.end('bye');
    await client.until(4);
    client.socket.destroy();
    await noneOpen(proxy);
    await until(() => server.sockets[0]!.destroyed);
  });

  it('closes the client when its upstream is down or does not answer', async () => {
    const down = await serve(() => {});
    await down[Symbol.asyncDispose]();
    await using proxy = await createTcpProxy({ upstream: down.address });
    const client = new Client(proxy.port);
    expect((await client.received).bytes.length).toBe(0);
    await noneOpen(proxy);
    expect(proxy.statistics).toMatchObject({ accepted: 1, unreachable: 1 });
  });

  it('leaks nothing over thousands of connections', async () => {
    await using server = await echo();
    await using proxy = await createTcpProxy({ upstream: server.address });
    const total = requireFull().available ? 10_000 : 2_000;
    for (let done = 0; done < total; done += 100) {
      const clients = Array.from({ length: 100 }, () => new Client(proxy.port));
      clients.forEach(({ socket }, index) => {
        if (index % 10 === 0) socket.write('bye', () => socket.destroy());
        else socket.end(`hello ${index}`);
      });
      const all = await Promise.all(clients.map(({ received }) => received));
      all.forEach(({ bytes }, index) => {
        if (index % 10 !== 0) expect(bytes.toString()).toBe(`hello ${index}`);
      });
    }
    await noneOpen(proxy);
    expect(proxy.statistics).toMatchObject({ accepted: total, open: 0, heldBytes: 0, unreachable: 0 });
  });

  it('resets what comes beyond its bound', async () => {
    await using server = await echo();
    await using proxy = await createTcpProxy({ upstream: server.address, maxConnections: 1 });
    const first = new Client(proxy.port);
    first.socket.write('a');
    await first.until(1);
    const second = new Client(proxy.port);
    expect((await second.received).over).toBe('reset');
    expect(proxy.statistics).toMatchObject({ open: 1, refused: 1 });
    first.socket.end();
  });
});

describe('changing a proxy', () => {
  it('drops its connections and listens elsewhere', async () => {
    await using one = await serve((socket) => socket.write('one'));
    await using two = await serve((socket) => socket.write('two'));
    await using proxy = await createTcpProxy({ upstream: one.address, listen: 'localhost:0' });
    const before = proxy.port;
    const client = new Client(proxy.port);
    await client.until(3);
    await proxy.update({ upstream: two.address });
    await client.received;
    expect(proxy.port).toBe(before);
    expect((await new Client(proxy.port).until(3)).toString()).toBe('two');

    await proxy.update({ listen: '127.0.0.1:0' });
    expect(proxy.port).not.toBe(before);
    expect((await new Client(proxy.port).until(3)).toString()).toBe('two');
    await proxy.update({ enabled: false });
    const { port } = proxy;
    expect((await new Client(port).received).bytes.length).toBe(0);
    await proxy.update({ enabled: true });
    expect((await new Client(port).until(3)).toString()).toBe('two');
  });

  it('keeps its connections when nothing changes', async () => {
    await using server = await echo();
    await using proxy = await createTcpProxy({ upstream: server.address, listen: 'localhost:0' });
    const client = new Client(proxy.port);
    client.socket.write('a');
    await client.until(1);
    await proxy.update({ listen: `localhost:${proxy.port}`, upstream: server.address, enabled: true });
    client.socket.end('b');
    expect((await client.received).bytes.toString()).toBe('ab');
  });

  it('refuses what is wrong, and says so', async () => {
    await using server = await echo();
    await using proxy = await createTcpProxy({ upstream: server.address });
    const taken = createTcpProxy({ upstream: server.address, listen: proxy.listen, name: 'second' });
    await expect(taken).rejects.toMatchObject({ code: 'ProxyUnavailable', details: { proxy: 'second' } });
    await expect(createTcpProxy({ upstream: 'nowhere' })).rejects.toMatchObject({ code: 'OptionsInvalid' });
    await expect(createTcpProxy({ upstream: server.address, maxConnections: 0 })).rejects.toThrow(
      /maxConnections is 0/,
    );
    proxy.addToxic({ type: 'latency' });
    const bad: [() => unknown, string][] = [
      [() => proxy.addToxic({ type: 'latency' }), 'ProxyUnavailable'],
      [() => proxy.addToxic({ type: 'nothing' as never }), 'OptionsInvalid'],
      [() => proxy.addToxic({ type: 'slicer', attributes: { latency: 1 } }), 'OptionsInvalid'],
      [() => proxy.addToxic({ type: 'slicer', attributes: { delay: 0.5 } }), 'OptionsInvalid'],
      [() => proxy.addToxic({ type: 'slicer', toxicity: 2 }), 'OptionsInvalid'],
      [() => proxy.updateToxic('other', {}), 'TargetUnknown'],
      [() => proxy.removeToxic('other'), 'TargetUnknown'],
    ];
    for (const [call, code] of bad) expect(call).toThrow(expect.objectContaining({ code }));
    await proxy.close();
    await expect(proxy.start()).rejects.toMatchObject({ code: 'EngineClosed' });
  });

  it('asks a sandbox for both of its addresses', async () => {
    await using server = await echo();
    const grants = { net: [server.address] };
    const governor = new ResourceGovernor({ sandbox: { grants } });
    const denied = createTcpProxy({ upstream: server.address, listen: '127.0.0.1:28475', governor });
    await expect(denied).rejects.toMatchObject({ code: 'CapabilityDenied' });
    await using _ = await createTcpProxy({
      upstream: server.address,
      listen: '127.0.0.1:28475',
      governor: new ResourceGovernor({ sandbox: { grants: { net: [server.address, '127.0.0.1:28475'] } } }),
    });
  });

  it('pays for its bytes with the tokens of its governor', async () => {
    await using server = await echo();
    const governor = new ResourceGovernor({ ioBytesPerSecond: 2 ** 30, ioBurstBytes: 2 ** 20 });
    await using proxy = await createTcpProxy({ upstream: server.address, governor });
    const client = new Client(proxy.port);
    client.socket.end(pattern(2 ** 20));
    expect((await client.received).bytes.length).toBe(2 ** 20);
    // Both directions, in batches of at least 256 KiB; what is left of the last is not asked for.
    expect(governor.statistics().ioBytes).toBeGreaterThan(2 ** 20);
    expect(governor.statistics().ioOps).toBeLessThanOrEqual(8);
    await governor.close();
  });
});

/** What came through one direction of a proxy with toxics. */
async function through(
  stream: ToxicStream,
  sent: Buffer,
  toxics: readonly ToxicSpec[],
  during: (proxy: TcpProxy) => Promise<void> = async () => {},
) {
  const atServer: Promise<Received>[] = [];
  await using server = await serve((socket) => {
    const received = collect(socket);
    atServer.push(received);
    if (stream === 'downstream') socket.end(sent);
    else void received.then(() => socket.end());
  });
  await using proxy = await createTcpProxy({ upstream: server.address, seed: 7 });
  for (const toxic of toxics) proxy.addToxic({ ...toxic, stream });
  const client = new Client(proxy.port);
  if (stream === 'upstream') client.socket.end(sent);
  await during(proxy);
  const atClient = await client.received;
  if (stream === 'downstream') client.socket.end();
  else client.socket.destroy();
  await until(() => atServer.length === 1);
  const { bytes } = stream === 'upstream' ? await atServer[0]! : atClient;
  // A side that keeps its half open does so until it is told.
  client.socket.destroy();
  await noneOpen(proxy);
  return { bytes, statistics: proxy.statistics };
}

const streams = fc.constantFrom<ToxicStream>('upstream', 'downstream');
const harmless: fc.Arbitrary<ToxicSpec> = fc.oneof(
  fc.record({ type: fc.constant('noop' as const) }),
  fc.record({
    type: fc.constant('latency' as const),
    attributes: fc.record({ latency: fc.nat(8), jitter: fc.nat(8) }),
  }),
  fc.record({
    type: fc.constant('bandwidth' as const),
    attributes: fc.record({ rate: fc.integer({ min: 5_000, max: 50_000 }) }),
  }),
  fc.record({ type: fc.constant('slow_close' as const), attributes: fc.record({ delay: fc.nat(10) }) }),
  fc.record({
    type: fc.constant('slicer' as const),
    attributes: fc.record({
      average_size: fc.integer({ min: 100, max: 2_000 }),
      size_variation: fc.nat(99),
      delay: fc.nat(20),
    }),
  }),
);
const lossy: fc.Arbitrary<ToxicSpec> = fc.oneof(
  fc.record({ type: fc.constant('limit_data' as const), attributes: fc.record({ bytes: fc.nat(100_000) }) }),
  fc.record({
    type: fc.constant('timeout' as const),
    attributes: fc.record({ timeout: fc.integer({ min: 1, max: 20 }) }),
  }),
  fc.record({ type: fc.constant('reset_peer' as const), attributes: fc.record({ timeout: fc.nat(10) }) }),
);
/** Few bytes, and more than one read. */
const lengths = fc.oneof(fc.nat(2_000), fc.integer({ min: 50_000, max: 400_000 }));
const named = (toxics: readonly ToxicSpec[]) => toxics.map((toxic, at) => ({ ...toxic, name: `toxic ${at}` }));
const numRuns = requireFull().available ? 300 : 40;

describe('a proxy with toxics', () => {
  it('delivers every byte whatever toxics delay or cut it', async () => {
    await fc.assert(
      fc.asyncProperty(
        streams,
        fc.array(harmless, { minLength: 1, maxLength: 4 }),
        lengths,
        async (stream, toxics, length) => {
          const sent = pattern(length);
          const { bytes, statistics } = await through(stream, sent, named(toxics));
          expect(bytes.equals(sent)).toBe(true);
          expect(statistics.heldBytes).toBe(0);
        },
      ),
      { numRuns },
    );
  });

  it('delivers an exact prefix whatever toxics there are', async () => {
    const any = fc.tuple(
      fc.array(harmless, { maxLength: 2 }),
      lossy,
      fc.array(fc.oneof(harmless, lossy), { maxLength: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(streams, any, lengths, async (stream, [before, one, after], length) => {
        const sent = pattern(length);
        const { bytes, statistics } = await through(stream, sent, named([...before, one, ...after]));
        expect(bytes.equals(sent.subarray(0, bytes.length))).toBe(true);
        expect(statistics.heldBytes).toBe(0);
      }),
      { numRuns },
    );
  });

  it('delivers every byte while harmless toxics come, change and go', async () => {
    const script = fc.array(fc.tuple(fc.constantFrom('add', 'update', 'remove'), harmless, fc.nat(3)), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(streams, script, fc.array(harmless, { maxLength: 2 }), async (stream, steps, first) => {
        const sent = pattern(400_000);
        const { bytes } = await through(stream, sent, named(first), async (proxy) => {
          for (const [step, toxic, at] of steps) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            const { toxics } = proxy;
            const chosen = toxics[at % Math.max(1, toxics.length)];
            if (step === 'add' || chosen === undefined) {
              proxy.addToxic({ ...toxic, stream, name: `new ${proxy.toxics.length} ${Math.random()}` });
            } else if (step === 'remove') {
              proxy.removeToxic(chosen.name);
            } else {
              const halved = Object.entries(chosen.attributes).map(([name, value]) => [name, Math.ceil(value / 2)]);
              proxy.updateToxic(chosen.name, { attributes: Object.fromEntries(halved) });
            }
          }
          proxy.removeToxics();
        });
        expect(bytes.equals(sent)).toBe(true);
      }),
      { numRuns },
    );
  });

  it('holds nothing of a connection that a later toxic resets while an earlier one still slices', async () => {
    const attributes = { average_size: 100, size_variation: 0, delay: 1 };
    const toxics: ToxicSpec[] = [{ type: 'slicer', attributes }, { type: 'reset_peer' }];
    expect((await through('upstream', pattern(50_000), toxics)).statistics.heldBytes).toBe(0);
  });

  it('limit_data lets through so many bytes, then closes both sides', async () => {
    await using server = await serve((socket) => socket.write(pattern(500_000)));
    await using proxy = await createTcpProxy({ upstream: server.address });
    proxy.addToxic({ type: 'limit_data', attributes: { bytes: 123_456 } });
    const client = new Client(proxy.port);
    const { bytes, over } = await client.received;
    expect([bytes.equals(pattern(123_456)), over]).toEqual([true, 'end']);
    await until(() => server.sockets[0]!.destroyed);
    await noneOpen(proxy);
  });

  it('reset_peer resets both sides after the first data, and timeout closes them', async () => {
    await using server = await echo();
    await using proxy = await createTcpProxy({ upstream: server.address });
    proxy.addToxic({ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 5 } });
    const client = new Client(proxy.port);
    client.socket.write('hello');
    expect(await client.received).toEqual({ bytes: Buffer.alloc(0), over: 'reset' });
    await noneOpen(proxy);

    proxy.removeToxics();
    proxy.addToxic({ type: 'timeout', attributes: { timeout: 5 } });
    const closed = new Client(proxy.port);
    closed.socket.write('hello');
    expect(await closed.received).toEqual({ bytes: Buffer.alloc(0), over: 'end' });
    await noneOpen(proxy);
  });

  it('timeout of 0 swallows data and, when it goes, closes the connection that has lost some', async () => {
    await using server = await echo();
    await using proxy = await createTcpProxy({ upstream: server.address });
    proxy.addToxic({ type: 'timeout', attributes: { timeout: 0 } });
    const client = new Client(proxy.port);
    client.socket.write('hello');
    await until(() => proxy.statistics.bytes.downstream.received === 5);
    expect(client.length).toBe(0);
    proxy.removeToxic('timeout_downstream');
    expect((await client.received).bytes.length).toBe(0);
    const next = new Client(proxy.port);
    next.socket.end('hello');
    expect((await next.received).bytes.toString()).toBe('hello');
  });

  it('bandwidth of 0 holds everything back until it goes', async () => {
    await using server = await echo();
    await using proxy = await createTcpProxy({ upstream: server.address });
    proxy.addToxic({ type: 'bandwidth' });
    const client = new Client(proxy.port);
    client.socket.end('hello');
    await until(() => proxy.statistics.heldBytes === 5);
    expect(client.length).toBe(0);
    proxy.removeToxic('bandwidth_downstream');
    expect((await client.received).bytes.toString()).toBe('hello');
  });

  it('holds no more than its bounds, and loses nothing by them', async () => {
    await using server = await serve(
      (socket) => void collect(socket).then(({ bytes }) => socket.end(String(bytes.length))),
    );
    await using proxy = await createTcpProxy({
      upstream: server.address,
      linkBufferBytes: 200_000,
      proxyBufferBytes: 300_000,
    });
    proxy.addToxic({ type: 'latency', stream: 'upstream', attributes: { latency: 20 } });
    const clients = Array.from({ length: 4 }, () => new Client(proxy.port));
    for (const { socket } of clients) socket.end(pattern(1_000_000));
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, proxy.statistics.heldBytes);
    }, 1);
    for (const { received } of clients) expect((await received).bytes.toString()).toBe('1000000');
    clearInterval(watching);
    // One read of each link may go beyond.
    expect(most).toBeLessThanOrEqual(300_000 + 4 * 65_536);
    expect(most).toBeGreaterThan(0);
  });

  it('reads on under a delay while the sink is full, up to its bound, and loses nothing by that', async () => {
    const sent = pattern(40_000_000);
    await using server = await serve((socket) => socket.end(sent));
    await using proxy = await createTcpProxy({ upstream: server.address, linkBufferBytes: 2_000_000 });
    proxy.addToxic({ type: 'latency', attributes: { latency: 5 } });
    const client = new Client(proxy.port);
    client.socket.pause();
    await until(() => proxy.statistics.heldBytes >= 2_000_000);
    // All of that is due by now, and nobody takes it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(proxy.statistics.heldBytes).toBeGreaterThanOrEqual(2_000_000);
    expect(proxy.statistics.heldBytes).toBeLessThanOrEqual(2_000_000 + 65_536);
    client.socket.resume();
    expect((await client.received).bytes.equals(sent)).toBe(true);
    expect(proxy.statistics.heldBytes).toBe(0);
  });

  it('delivers long reads as they were sent, while a delay, a slow reader and cuts come and go', async () => {
    const sent = pattern(48 * 2 ** 20);
    await using server = await serve((socket) => socket.end(sent));
    await using proxy = await createTcpProxy({ upstream: server.address });
    proxy.addToxic({ type: 'latency', attributes: { latency: 3 } });
    const client = new Client(proxy.port);
    const changes = [
      () => client.socket.pause(),
      () => proxy.addToxic({ type: 'slicer', attributes: { average_size: 50_000, size_variation: 20_000 } }),
      () => client.socket.resume(),
      () => proxy.removeToxic('latency_downstream'),
      () => client.socket.pause(),
      () => proxy.removeToxic('slicer_downstream'),
      () => client.socket.resume(),
      () => proxy.addToxic({ type: 'latency', attributes: { latency: 3 } }),
    ];
    for (const change of changes) {
      const before = client.length;
      change();
      await Promise.race([client.until(before + 4_000_000), new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    expect((await client.received).bytes.equals(sent)).toBe(true);
    expect(proxy.statistics.heldBytes).toBe(0);
  });

  it('acts on the same connections, by the same numbers, for the same seed', async () => {
    const sizes = async (seed: string, toxicity: number) => {
      await using server = await serve((socket) => socket.end(pattern(3_000)));
      await using proxy = await createTcpProxy({ upstream: server.address, seed });
      proxy.addToxic({ type: 'limit_data', toxicity, attributes: { bytes: 1_000 } });
      const all: number[] = [];
      for (let at = 0; at < 40; at++) {
        const client = new Client(proxy.port);
        all.push((await client.received).bytes.length);
        client.socket.destroy();
      }
      return all;
    };
    const half = await sizes('a', 0.5);
    expect(await sizes('a', 0.5)).toEqual(half);
    expect(await sizes('b', 0.5)).not.toEqual(half);
    const limited = (list: number[]) => list.filter((size) => size === 1_000).length;
    expect(limited(half)).toBeGreaterThan(8);
    expect(limited(half)).toBeLessThan(32);
    // More toxicity: those that it acted on stay among them.
    const most = await sizes('a', 0.9);
    half.forEach((size, at) => {
      if (size === 1_000) expect(most[at]).toBe(1_000);
    });
    expect(limited(most)).toBeGreaterThan(limited(half));
  });
});
