// A real server on loopback, and senders that do what senders do.

import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AutoblockerLedger,
  HttpIntake,
  type HttpIntakeOptions,
  type ListeningServer,
  lineDigest,
  type SecurityEvent,
} from '../../../src/index.js';
import { ItemRate } from '../../../src/intake/item-rate.js';

const key = '0123456789abcdef';
const otherKey = 'fedcba9876543210';
const senders = [
  { name: 'edge', key },
  { name: 'shop', key: otherKey },
];
let folder: string;
let ledger: AutoblockerLedger;
let server: ListeningServer;

async function start(options: Partial<HttpIntakeOptions> = {}): Promise<void> {
  ledger = await AutoblockerLedger.open({ folder, durability: 'os' });
  server = await new HttpIntake({ ledger, senders, utcOffsetMinutes: 0, ...options }).listen({ port: 0 });
}
async function stop(): Promise<void> {
  await server[Symbol.asyncDispose]();
  await ledger.close();
}
async function restart(options: Partial<HttpIntakeOptions> = {}): Promise<void> {
  await stop();
  await start(options);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'intake-'));
  await start();
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly message?: string;
  readonly repeated?: boolean;
}

interface Sending {
  readonly batch?: string | undefined;
  readonly apiKey?: string;
  readonly headers?: Record<string, string>;
}

async function post(path: string, body: string, { batch = 'one', apiKey = key, headers = {} }: Sending = {}) {
  const named: Record<string, string> = batch === '' ? {} : { 'idempotency-key': batch };
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${apiKey}`, ...named, ...headers },
  });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as Answer,
  };
}

const failures = (count: number, address: string, from = 0): SecurityEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    time: Date.now() + from + n,
    domain: 'api',
    kind: 'authentication-failure',
    actor: [{ kind: 'ip', value: address }],
    outcome: 'failure',
    fields: {},
    evidence: { digest: lineDigest(`${address} ${from + n}`) },
  }));
const json = (events: readonly unknown[]) => JSON.stringify({ events });
const sshLines = (count: number, address: string) =>
  Array.from(
    { length: count },
    (_, n) =>
      `${new Date(Date.now() - 9000 + n * 1000).toISOString()} web sshd[7]: Failed password for root from ${address} port 4 ssh2`,
  ).join('\n');

describe('a batch', () => {
  it('of events or of lines is acknowledged with what it led to, durable by then', async () => {
    const events = await post('/v1/events', json(failures(6, '203.0.113.5')));
    expect(events).toMatchObject({
      status: 200,
      body: { batch: 'one', repeated: false, events: 6, outcomes: { decided: 1 } },
    });
    const lines = await post('/v1/lines', `${sshLines(6, '203.0.113.6')}\nand something else\n`, { batch: 'two' });
    expect(lines).toMatchObject({ status: 200, body: { events: 6, outcomes: { decided: 1 } } });
    expect(ledger.durableSize).toBe(ledger.size);
    const { evidence } = await ledger.explain(ledger.isBlocked('203.0.113.6')!.id);
    expect(evidence[0]).toMatchObject({ source: 'push:edge', line: expect.stringContaining('203.0.113.6') });
  });

  it('joins what other sources saw of the same actor', async () => {
    await post('/v1/lines', sshLines(3, '203.0.113.5'), { batch: 'a' });
    expect(ledger.isBlocked('203.0.113.5')).toBeUndefined();
    await post('/v1/events', json(failures(3, '203.0.113.5')), { batch: 'b' });
    expect(ledger.isBlocked('203.0.113.5')?.scenario.name).toBe('tenstrip/cross-domain');
  });

  it('that comes again is answered and not counted, at the same time or over a restart', async () => {
    const body = json(failures(3, '203.0.113.5'));
    const both = await Promise.all([post('/v1/events', body), post('/v1/events', body)]);
    expect(both.map((one) => one.body.repeated).sort()).toEqual([false, true]);
    expect((await post('/v1/events', body)).body.repeated).toBe(true);
    expect(ledger.isBlocked('203.0.113.5')).toBeUndefined();
    expect(ledger.statistics().entries['event-batch']).toBe(1);
    await restart();
    expect((await post('/v1/events', body)).body).toMatchObject({ repeated: true, outcomes: {} });
    expect(ledger.statistics().entries['event-batch']).toBe(1);
    // The same name of another sender is another batch.
    expect((await post('/v1/events', body, { apiKey: otherKey })).body.repeated).toBe(false);
  });

  it('that has the name of another is refused, so that a sender who counts anew loses nothing unheard', async () => {
    await post('/v1/events', json(failures(1, '203.0.113.5')));
    const others = json(failures(6, '203.0.113.6'));
    await restart();
    const refused = await post('/v1/events', others);
    expect([refused.status, refused.body.message]).toEqual([422, expect.stringContaining('other content')]);
    expect(ledger.isBlocked('203.0.113.6')).toBeUndefined();
    expect(await post('/v1/events', others, { batch: 'two' })).toMatchObject({
      status: 200,
      body: { repeated: false },
    });
    expect(ledger.isBlocked('203.0.113.6')).toBeDefined();
    await post('/v1/lines', sshLines(1, '203.0.113.7'), { batch: 'three' });
    const fake = await post('/v1/lines', sshLines(2, '203.0.113.8'), { batch: 'three' });
    expect(fake.status).toBe(422);
  });

  it('that is wrong anywhere has no effect, and may come again corrected', async () => {
    const [good] = failures(1, '203.0.113.5');
    const wrong = await post(
      '/v1/events',
      json([...failures(6, '203.0.113.5'), { ...good, actor: [{ kind: 'ip', value: '010.1.1.1' }] }]),
    );
    expect(wrong).toMatchObject({ status: 400, body: { message: expect.stringContaining('010.1.1.1') } });
    expect(ledger.statistics().entries.decision).toBeUndefined();
    expect((await post('/v1/events', json(failures(6, '203.0.113.5')))).body).toMatchObject({ repeated: false });
  });
});

describe('what is no batch', () => {
  it.each([
    ['no key', '/v1/events', { headers: { authorization: '' } }, 401],
    ['a wrong key', '/v1/events', { apiKey: '0123456789abcdeX' }, 401],
    ['no name', '/v1/events', { batch: '' }, 400],
    ['a name with spaces', '/v1/events', { batch: 'a b' }, 400],
    ['another path', '/v1/decisions', {}, 404],
    ['a compressed body', '/v1/events', { headers: { 'content-encoding': 'gzip' } }, 415],
  ] as const)('%s is refused', async (_, path, sending, status) => {
    expect((await post(path, json([]), sending)).status).toBe(status);
  });

  it.each(['', '{', '[]', '{"events":7}', '{"events":[7]}'])('the body %j is refused', async (body) => {
    expect((await post('/v1/events', body)).status).toBe(400);
  });

  it('a body that is too long is refused before it is read', async () => {
    await restart({ maxBodyBytes: 1024 });
    expect((await post('/v1/lines', 'x'.repeat(1025))).status).toBe(413);
    expect((await post('/v1/lines', 'x\n'.repeat(400))).status).toBe(200);
    await restart();
    expect((await post('/v1/lines', 'x\n'.repeat(10_001))).status).toBe(413);
  });

  it('a body of a length that is not stated is refused', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, 'idempotency-key': 'one' };
      const sending = request({ port: server.port, method: 'POST', path: '/v1/lines', headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      sending.on('error', reject);
      sending.write('x');
      sending.end('y');
    });
    expect(status).toBe(411);
  });

  it('whoever goes away in the middle of a body has sent nothing', async () => {
    const socket = connect(server.port, '127.0.0.1');
    const head = `POST /v1/lines HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nidempotency-key: half\r\ncontent-length: 900\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(head + sshLines(2, '203.0.113.5'), () => resolve()));
    await new Promise((resolve) => socket.destroy().once('close', resolve));
    expect((await post('/v1/lines', sshLines(2, '203.0.113.5'), { batch: 'half' })).body.repeated).toBe(false);
  });
});

describe('back-pressure', () => {
  it('tells a sender who is too fast when to come again, and no other', async () => {
    await restart({ itemsPerSecond: 10 });
    const many = 'x\n'.repeat(10_000);
    expect((await post('/v1/lines', many, { batch: 'a' })).status).toBe(200);
    const refused = await post('/v1/lines', many, { batch: 'b' });
    expect(refused.status).toBe(429);
    expect(Number(refused.retryAfter)).toBeGreaterThan(900);
    expect((await post('/v1/lines', many, { batch: 'b', apiKey: otherKey })).status).toBe(200);
  });

  it('takes no more than so many batches at once', async () => {
    await restart({ maxBatches: 1 });
    const socket = connect(server.port, '127.0.0.1');
    const head = `POST /v1/lines HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nidempotency-key: slow\r\ncontent-length: 9\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    await expect.poll(async () => (await post('/v1/lines', 'x')).status).toBe(503);
    expect((await post('/v1/lines', 'x')).retryAfter).toBe('1');
    const answered = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    socket.write('123456789');
    expect(await answered).toContain('200 OK');
    socket.destroy();
    await expect.poll(async () => (await post('/v1/lines', 'x', { batch: 'next' })).status).toBe(200);
  });

  it('says 503 when the ledger takes nothing any more', async () => {
    await ledger.close();
    expect(await post('/v1/lines', 'x')).toMatchObject({ status: 503, retryAfter: '1' });
  });
});

describe('the rate of a sender', () => {
  it('lets a bucketful pass at once and then so many a second', () => {
    const rate = new ItemRate(100, 1000);
    expect(rate.take('a', 1000, 0)).toBe(0);
    expect(rate.take('a', 50, 0)).toBe(500);
    expect(rate.take('a', 50, 500)).toBe(0);
    expect(rate.take('b', 1000, 500)).toBe(0);
    expect(rate.take('a', 1000, 10_500)).toBe(0);
  });
});

describe('options of an intake', () => {
  it.each([
    [{ senders: [] }],
    [{ senders: [{ name: 'a', key: 'short' }] }],
    [{ senders: [...senders, { name: 'edge', key: 'a key of its own, long' }] }],
    [{ maxBodyBytes: Number.POSITIVE_INFINITY }],
    [{ itemsPerSecond: 0 }],
    [{ maxBatches: 0 }],
  ])('%o are refused', (options) => {
    expect(() => new HttpIntake({ ledger, senders, ...options })).toThrow(
      expect.objectContaining({ code: 'OptionsInvalid', message: expect.not.stringContaining('short') }),
    );
  });
});
