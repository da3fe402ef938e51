// Real servers on loopback: node:http, Express and Fastify.
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TenstripError } from '@tenstrip/shared-core/errors';
import express from 'express';
import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AutoblockerLedger,
  HttpProtection,
  type HttpProtectionOptions,
  lineDigest,
  type SecurityEvent,
} from '../../../src/index.js';

const hour = 3_600_000;
let ledger: AutoblockerLedger;
beforeEach(async () => {
  ledger = await AutoblockerLedger.open({ folder: 'memory:' });
});
afterEach(() => ledger.close());

/** Everything comes from loopback here, which no rail lets be blocked: the client is named by the proxy. */
const protectionWith = (options: Partial<HttpProtectionOptions> = {}) =>
  new HttpProtection({ ledger, trustedProxies: ['127.0.0.0/8', '::1', '10.0.0.0/8'], ...options });

interface Running extends AsyncDisposable {
  readonly port: number;
}

/** One server of each kind, which answers 200 everywhere below /ok and 404 elsewhere. */
const kinds: Record<string, (protection: HttpProtection) => Promise<Running>> = {
  async 'node:http'(protection) {
    const listener = protection.wrap((incoming, response) => {
      response.statusCode = incoming.url?.startsWith('/ok') ? 200 : 404;
      response.end('answered');
    });
    return listening(createServer(listener));
  },
  async Express(protection) {
    const app = express();
    app.use(protection.express());
    app.get('/ok', (_, response) => void response.send('answered'));
    return listening(createServer(app));
  },
  async Fastify(protection) {
    const app = fastify();
    await app.register(protection.fastify());
    app.get('/ok', () => 'answered');
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    return { port, [Symbol.asyncDispose]: () => app.close() };
  },
};

async function listening(server: Server): Promise<Running> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { port, [Symbol.asyncDispose]: close };
}

function ask(
  port: number,
  forwardedFor: string,
  path = '/ok',
  more: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = forwardedFor === '' ? more : { 'x-forwarded-for': forwardedFor, ...more };
    const asked = request({ port, host: '127.0.0.1', path, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response));
    });
    asked.on('error', reject).end();
  });
}

const statusOf = async (...args: Parameters<typeof ask>) => (await ask(...args)).statusCode;

describe.each(Object.entries(kinds))('protection of %s', (_, start) => {
  it('refuses who is blocked, for as long as they are', async () => {
    await using server = await start(protectionWith());
    expect(await statusOf(server.port, '203.0.113.5')).toBe(200);
    const outcome = await ledger.addBlock({ target: '203.0.113.0/24', reason: 'test', durationMs: hour });
    const refused = await ask(server.port, '203.0.113.5');
    expect([refused.statusCode, refused.headers['cache-control']]).toEqual([403, 'no-store']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3500);
    expect(await statusOf(server.port, '203.0.114.5')).toBe(200);
    expect(await statusOf(server.port, '')).toBe(200);
    if (outcome.kind !== 'decided') throw new Error(outcome.kind);
    await ledger.revoke(outcome.decision.id, { code: 'appeal' });
    expect(await statusOf(server.port, '203.0.113.5')).toBe(200);
  });

  it('slows down who is throttled, with 429', async () => {
    await using server = await start(protectionWith({ throttledPerMinute: 2 }));
    await ledger.addBlock({ target: '203.0.113.5', action: 'throttle', reason: 'test', durationMs: hour });
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await ask(server.port, '203.0.113.5'));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
    expect(Number(answers[2]!.headers['retry-after'])).toBeLessThanOrEqual(30);
  });

  it('reports answers as events, and its own refusals never', async () => {
    const events: SecurityEvent[] = [];
    await using server = await start(protectionWith({ onEvent: (event) => events.push(event) }));
    await statusOf(server.port, '203.0.113.5', '/missing?q=%22');
    await expect
      .poll(() => events)
      .toMatchObject([
        {
          domain: 'http',
          outcome: 'failure',
          actor: [{ kind: 'ip', value: '203.0.113.5' }],
          fields: { status: '404', path: '/missing' },
        },
      ]);
    await ledger.ingest(events);
    await ledger.addBlock({ target: '203.0.113.5', reason: 'test', durationMs: hour });
    for (let count = 0; count < 5; count += 1) expect(await statusOf(server.port, '203.0.113.5', '/missing')).toBe(403);
    expect(events).toHaveLength(1);
  });

  it('refuses nobody in a dry run and says whom it would', async () => {
    const refusals: unknown[] = [];
    await using server = await start(
      protectionWith({ dryRun: true, onRefusal: ({ address }) => refusals.push(address) }),
    );
    await ledger.addBlock({ target: '203.0.113.5', reason: 'test', durationMs: hour });
    expect(await statusOf(server.port, '203.0.113.5')).toBe(200);
    expect(refusals).toEqual(['203.0.113.5']);
  });
});

describe('the events of a protection', () => {
  it('may be lost, which is told, and ends no server', async () => {
    const lost: unknown[] = [];
    const protection = protectionWith({
      onEvent: async () => {
        throw new TenstripError('LogUnavailable', 'no room', { retryable: true });
      },
      onEventLost: ({ code }, { domain }) => lost.push([code, domain]),
    });
    await using server = await kinds['node:http']!(protection);
    for (const status of [404, 404]) expect(await statusOf(server.port, '203.0.113.5', '/missing')).toBe(status);
    await expect.poll(() => lost).toEqual(Array(2).fill(['LogUnavailable', 'http']));
  });

  it('are of its own domain, and name who was verified: two addresses of one session are one actor', async () => {
    const taken: Promise<unknown>[] = [];
    const protection = protectionWith({
      domain: 'api',
      actors: (incoming) => [{ kind: 'session', value: String(incoming.headers['x-session']) }],
      authenticated: (incoming) => incoming.url?.startsWith('/ok') === true,
      onEvent: (event) => taken.push(ledger.ingest(event)),
    });
    await using server = await kinds['node:http']!(protection);
    const visit = (client: string, path: string, method = 'GET') =>
      new Promise<void>((resolve, reject) => {
        const headers = { 'x-forwarded-for': client, 'x-session': 's1' };
        const asked = request(
          { port: server.port, host: '127.0.0.1', method, path, headers, agent: false },
          (response) => response.resume().on('end', () => resolve()),
        );
        asked.on('error', reject).end();
      });
    for (const client of ['203.0.113.5', '203.0.113.6']) await visit(client, '/ok');
    await expect.poll(() => taken.length).toBe(2);
    await Promise.all(taken);
    const failed = (domain: string, value: string): SecurityEvent => ({
      time: ledger.now,
      domain,
      kind: 'authentication-failure',
      actor: [{ kind: 'ip', value }],
      outcome: 'failure',
      fields: {},
      evidence: { digest: lineDigest(value) },
    });
    await ledger.ingest([1, 2, 3].map(() => failed('ssh', '203.0.113.5')));
    await ledger.ingest([1, 2, 3].map(() => failed('mail', '203.0.113.6')));
    // Both were logged in before: that takes more than one overflow.
    expect(ledger.statistics()).toMatchObject({ actors: { overflows: 1 }, entries: { refusal: 1 } });
    await ledger.ingest([1, 2, 3, 4, 5, 6].map(() => failed('ssh', '203.0.113.5')));
    await ledger.ingest([1, 2, 3, 4, 5, 6].map(() => failed('mail', '203.0.113.6')));
    await ledger.ingest([1, 2, 3, 4, 5, 6].map(() => failed('ssh', '203.0.113.5')));
    expect(ledger.isBlocked({ kind: 'session', value: 's1' })?.scenario.name).toBe('tenstrip/cross-domain');
  });

  it.each([
    ['a key that is too long to be one', { 'x-api-key': 'k'.repeat(600) }],
    ['an empty key', { 'x-api-key': '' }],
    ['control characters that take four to write', { 'user-agent': '\x85'.repeat(2000), referer: '\x85'.repeat(2000) }],
    ['quotes and backslashes', { 'user-agent': '"'.repeat(2000), referer: '\\'.repeat(2000) }],
    ['an escape at the cut', { 'user-agent': `${'a'.repeat(101)}${'\x85'.repeat(1800)}` }],
  ])('are taken, and the request answered, whatever a client sends: %s', async (_, headers) => {
    const taken: Promise<unknown>[] = [];
    const protection = protectionWith({
      actors: ({ headers: sent }) =>
        sent['x-api-key'] === undefined ? [] : [{ kind: 'apiKey', value: String(sent['x-api-key']) }],
      onEvent: (event) => taken.push(ledger.ingest(event).then(() => event)),
    });
    await using server = await kinds['node:http']!(protection);
    expect((await ask(server.port, '203.0.113.5', '/missing', headers)).statusCode).toBe(404);
    await expect.poll(() => taken.length).toBe(1);
    expect(await taken[0]).toMatchObject({ kind: 'request', actor: [{ kind: 'ip', value: '203.0.113.5' }] });
  });

  it('are none when a trusted proxy names nobody: it is not to be blamed for whom it serves', async () => {
    const events: SecurityEvent[] = [];
    await using server = await kinds['node:http']!(protectionWith({ onEvent: (event) => events.push(event) }));
    await statusOf(server.port, 'unknown', '/missing');
    await statusOf(server.port, '203.0.113.5', '/missing');
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]!.actor).toEqual([{ kind: 'ip', value: '203.0.113.5' }]);
  });
});

describe('the client of a request', () => {
  const from = (remoteAddress: string, forwardedFor?: string) =>
    ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwardedFor } }) as unknown as IncomingMessage;

  it.each([
    ['a stranger’s word does not count', '198.51.100.1', '203.0.113.5', '198.51.100.1'],
    [
      'the last one that is no proxy counts, whatever the client wrote before',
      '127.0.0.1',
      '192.0.2.66, 203.0.113.5, 10.1.2.3',
      '203.0.113.5',
    ],
    ['proxies only: the first of them', '127.0.0.1', '10.0.0.7, 10.0.0.8', '10.0.0.7'],
    ['garbage is nobody’s address', '127.0.0.1', '203.0.113.5, unknown', '127.0.0.1'],
    ['octal is no address', '127.0.0.1', '0203.0.113.5', '127.0.0.1'],
    ['mapped IPv6 is IPv4', '::ffff:127.0.0.1', '::ffff:203.0.113.5', '203.0.113.5'],
    ['ports are left out', '127.0.0.1', '[2001:DB8::1]:4711', '2001:db8::1'],
    ['ports of IPv4 too', '127.0.0.1', '203.0.113.5:80', '203.0.113.5'],
    ['no header', '127.0.0.1', undefined, '127.0.0.1'],
  ])('%s', (_, peer, header, expected) => {
    expect(protectionWith().addressOf(from(peer, header))).toBe(expected);
  });

  it('is a user too when the caller says so', async () => {
    await ledger.addBlock({ target: { kind: 'user', value: 'mallory' }, reason: 'test', durationMs: null });
    const protection = protectionWith({ actors: () => [{ kind: 'user', value: 'mallory' }] });
    expect(protection.check(from('198.51.100.1'))).toMatchObject({ status: 403, retryAfterSeconds: undefined });
  });
});
