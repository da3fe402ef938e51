import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResourceGovernor } from '@tenstrip/shared-core';
import { VirtualClock } from '@tenstrip/shared-core/determinism';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoblockerLedger } from '../../../src/index.js';
import { LapiServer, type ListeningLapi } from '../../../src/lapi/index.js';
import { blockerOf } from '../blocker.js';

const hour = 3_600_000;
const [key, webKey] = ['0123456789abcdef', 'fedcba9876543210'];
const bouncers = [
  { name: 'firewall', key },
  { name: 'web', key: webKey, domain: 'http' },
];
let folder: string;
let ledger: AutoblockerLedger;
let server: ListeningLapi;

async function start(): Promise<void> {
  ledger = await AutoblockerLedger.open({ folder, durability: 'os' });
  server = await (await LapiServer.open({ ledger, bouncers })).listen({ port: 0 });
}

async function stop(): Promise<void> {
  await server[Symbol.asyncDispose]();
  await ledger.close();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lapi-'));
  return start();
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

function ask(path: string, init: { method?: string; apiKey?: string | undefined } = {}) {
  const { method = 'GET', apiKey = key } = init;
  return fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { 'x-api-key': apiKey } });
}

interface Item {
  readonly id: number;
  readonly value: string;
  readonly duration: string;
}
const list = async (path: string, apiKey = key) => (await (await ask(path, { apiKey })).json()) as Item[] | null;
const poll = async (query = '', apiKey = key) =>
  (await (await ask(`/v1/decisions/stream?startup=false${query}`, { apiKey })).json()) as {
    deleted: Item[] | null;
    new: Item[] | null;
  };
const values = (items: readonly Item[] | null) => (items ?? []).map(({ value }) => value).sort();

const block = blockerOf(() => ledger);

describe('the local API', () => {
  it('lets nobody in without a key, in the words that bouncers know', async () => {
    for (const apiKey of ['', 'wrong', `${key}x`]) {
      const answer = await ask('/v1/decisions', { apiKey });
      expect([answer.status, await answer.text()]).toEqual([403, '{"message":"access forbidden"}']);
    }
    await expect(LapiServer.open({ ledger, bouncers: [{ name: 'a', key: 'short' }] })).rejects.toMatchObject({
      code: 'OptionsInvalid',
      message: expect.not.stringContaining('short'),
    });
  });

  it('answers what blocks an address, networks around it too, in CrowdSec’s shape', async () => {
    await block('203.0.113.9', 2 * hour);
    await block('203.0.113.0/24');
    const text = await (await ask('/v1/decisions?ip=203.0.113.9')).text();
    expect(text).toMatch(
      /^\[\{"duration":"1h59m59[.\d]*s","id":\d+,"origin":"cscli","scenario":"[^"]+","scope":"Ip","type":"ban","value":"203\.0\.113\.9"\},\{"duration":"59m59[.\d]*s",.*"scope":"Range".*\}\]$/,
    );
    expect(values(await list('/v1/decisions?ip=::ffff:203.0.113.77'))).toEqual(['203.0.113.0/24']);
    expect(values(await list('/v1/decisions?range=203.0.113.128/25'))).toEqual(['203.0.113.0/24']);
    expect(values(await list('/v1/decisions?scope=ip&value=203.0.113.9'))).toEqual(['203.0.113.9']);
    expect(values(await list('/v1/decisions'))).toEqual(['203.0.113.0/24', '203.0.113.9']);
    expect(values(await list('/v1/decisions?scopes=Range'))).toEqual(['203.0.113.0/24']);
    expect(await (await ask('/v1/decisions?ip=192.0.2.1')).text()).toBe('null');
    expect(await (await ask('/v1/decisions?origins=lists')).text()).toBe('null');
    const bad = await ask('/v1/decisions?ip=notanip');
    expect([bad.status, await bad.text()]).toEqual([
      400,
      `{"message":"unable to convert 'notanip' to int: invalid address: invalid ip address / range"}`,
    ]);
  });

  it('names other targets by their scopes', async () => {
    await block({ kind: 'user', value: 'mallory' }, null);
    expect(await list('/v1/decisions?scope=username&value=mallory')).toMatchObject([
      { duration: '876000h0m0s', scope: 'username', value: 'mallory' },
    ]);
    expect(await list('/v1/decisions?scope=country&value=xx')).toBeNull();
    expect(await list('/v1/decisions?scope=__proto__&value=x')).toBeNull();
  });

  it('gives a decision for one domain only to who stands before it', async () => {
    await block('203.0.113.9', hour, ['http']);
    expect(await list('/v1/decisions?ip=203.0.113.9')).toBeNull();
    expect(values(await list('/v1/decisions?ip=203.0.113.9', webKey))).toEqual(['203.0.113.9']);
  });

  it('answers what bouncers ask besides, and says what it has not', async () => {
    const statuses = await Promise.all([
      ask('/v1/decisions', { method: 'HEAD' }),
      ask('/v1/heartbeat'),
      ask('/v1/usage-metrics', { method: 'POST' }),
      ask('/v1/watchers/login', { method: 'POST' }),
      ask('/v1/decisions', { method: 'DELETE' }),
      ask('/v2/decisions'),
      ask(`/v1/decisions?ip=${'1'.repeat(5000)}`),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 201, 404, 404, 404, 414]);
  });
});

describe('the stream', () => {
  it('begins with everything and goes on with changes, for each key and filter by itself', async () => {
    const first = await block('203.0.113.9');
    await block({ kind: 'user', value: 'mallory' });
    const whole = await (await ask('/v1/decisions/stream?startup=true')).json();
    expect(whole).toMatchObject({ deleted: null, new: [{ value: '203.0.113.9' }, { value: 'mallory' }] });
    expect(await poll()).toEqual({ deleted: null, new: null });
    await ledger.revoke(first, { code: 'mistake' });
    expect(await poll()).toMatchObject({
      deleted: [{ id: Number(first), duration: expect.stringMatching(/^-/) }],
      new: null,
    });
    expect(await poll()).toEqual({ deleted: null, new: null });
    // A filter that was never asked with has a place of its own: what CrowdSec 1.4 loses here.
    expect(values((await poll('&scopes=username')).new)).toEqual(['mallory']);
    expect(values((await poll('', webKey)).new)).toEqual(['mallory']);
  });

  it('tells a new end as both, so that a kernel’s timeout is set anew', async () => {
    await poll();
    await block('203.0.113.9');
    await poll();
    await block('203.0.113.9', 5 * hour);
    expect(await poll()).toMatchObject({
      deleted: [{ value: '203.0.113.9' }],
      new: [{ value: '203.0.113.9', duration: expect.stringMatching(/^4h59m/) }],
    });
  });

  it('tells what ended by itself, and what still blocks the same address', async () => {
    await block('203.0.113.9', 40);
    await block('203.0.113.9', hour, ['http']);
    await poll('', webKey);
    await expect.poll(() => ledger.isBlocked('203.0.113.9', 'ssh')).toBeUndefined();
    expect(await poll('', webKey)).toMatchObject({
      deleted: [{ value: '203.0.113.9' }],
      new: [{ value: '203.0.113.9', duration: expect.stringMatching(/^59m/) }],
    });
  });

  it('goes on where it was after a restart', async () => {
    const [revoked] = [await block('203.0.113.1'), await block('203.0.113.2'), await block('203.0.113.3', 150)];
    await poll();
    await stop();
    await start();
    await ledger.revoke(revoked, { code: 'mistake' });
    await block('203.0.113.4');
    await expect.poll(() => ledger.isBlocked('203.0.113.3')).toBeUndefined();
    const changes = await poll();
    expect([values(changes.deleted), values(changes.new)]).toEqual([['203.0.113.1', '203.0.113.3'], ['203.0.113.4']]);
    await stop();
    writeFileSync(join(folder, 'bouncers.json'), '{');
    ledger = await AutoblockerLedger.open({ folder });
    await expect(LapiServer.open({ ledger, bouncers })).rejects.toMatchObject({ code: 'OptionsInvalid' });
    await ledger.close();
    rmSync(join(folder, 'bouncers.json'));
    await start();
  });

  it('keeps a mirror of it equal to the ledger under any changes and polls', { timeout: 60_000 }, async () => {
    const target = fc.integer({ min: 1, max: 5 }).map((number) => `203.0.113.${number}`);
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('block' as const),
        target,
        hours: fc.integer({ min: 1, max: 9 }),
        web: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('revoke' as const), target }),
      fc.record({ kind: fc.constant('poll' as const), apiKey: fc.constantFrom(key, webKey) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
        const mirrors = new Map([key, webKey].map((apiKey) => [apiKey, new Set<string>()]));
        const pollInto = async (apiKey: string) => {
          const changes = await poll('', apiKey);
          for (const { value } of changes.deleted ?? []) mirrors.get(apiKey)!.delete(value);
          for (const { value } of changes.new ?? []) mirrors.get(apiKey)!.add(value);
        };
        for (const apiKey of mirrors.keys()) {
          await ask('/v1/decisions/stream?startup=true', { apiKey }).then(async (answer) => {
            const { new: items } = (await answer.json()) as { new: Item[] | null };
            for (const { value } of items ?? []) mirrors.get(apiKey)!.add(value);
          });
        }
        for (const one of steps) {
          if (one.kind === 'poll') await pollInto(one.apiKey);
          else if (one.kind === 'block')
            await ledger.addBlock({
              target: one.target,
              reason: 'test',
              durationMs: one.hours * hour,
              domains: one.web ? ['http'] : 'all',
            });
          else {
            const [decision] = ledger.decisionsOn(one.target);
            if (decision !== undefined) await ledger.revoke(decision.id, { code: 'mistake' });
          }
        }
        for (const [apiKey, mirror] of mirrors) {
          await pollInto(apiKey);
          const domain = apiKey === webKey ? 'http' : 'nowhere';
          const expected = [1, 2, 3, 4, 5]
            .map((number) => `203.0.113.${number}`)
            .filter((address) => ledger.isBlocked(address, domain));
          expect([...mirror].sort()).toEqual(expected);
        }
      }),
      { numRuns: 15 },
    );
  });
});

it('tells again what a clock that was set right had ended', async () => {
  class SetClock extends VirtualClock {
    ahead = 0;
    override now() {
      return super.now() + this.ahead;
    }
  }
  await stop();
  const clock = new SetClock(Date.UTC(2026, 10, 23, 8));
  await using governor = new ResourceGovernor({ name: 'test', clock });
  ledger = await AutoblockerLedger.open({ folder: 'memory:', governor, time: 'clock' });
  server = await (await LapiServer.open({ ledger, bouncers })).listen({ port: 0 });
  await block('203.0.113.5');
  await block('203.0.113.6', 48 * hour);
  expect(values((await poll()).new)).toEqual(['203.0.113.5', '203.0.113.6']);
  clock.ahead = 24 * hour;
  expect(values((await poll()).deleted)).toEqual(['203.0.113.5']);
  clock.ahead = 0;
  await block('203.0.113.7');
  expect(values((await poll()).new)).toEqual(['203.0.113.5', '203.0.113.7']);
  clock.ahead = 2 * hour;
  expect(values((await poll()).deleted)).toEqual(['203.0.113.5', '203.0.113.7']);
  expect(await poll()).toEqual({ deleted: null, new: null });
});
