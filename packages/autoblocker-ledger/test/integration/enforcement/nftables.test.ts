// The kernel's packet filter in a network namespace of the test's own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AutoblockerLedger, EnforcementLoop, NftablesEnforcer } from '@tenstrip/autoblocker-ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireRoot, requireTool } from '../../../../../tools/test-requirements.mjs';
import { NetworkNamespace } from './network-namespace.js';

const able = [requireTool('nft'), requireTool('ip'), requireRoot()].every(({ available }) => available);
const child = fileURLToPath(new URL('enforce.child.mjs', import.meta.url));
const knocking = `
const socket = require('node:net').connect({ host: '192.0.2.1', port: 9, localAddress: process.argv[1] });
socket.setTimeout(500, () => { console.log('nothing'); socket.destroy(); });
socket.on('error', (error) => console.log(error.code));`;
const hour = 3_600_000;

describe.skipIf(!able)('nftables', () => {
  let namespace: NetworkNamespace;
  let enforcer: NftablesEnforcer;
  beforeEach(() => {
    namespace = new NetworkNamespace();
    enforcer = new NftablesEnforcer({ namespace: namespace.name });
  });
  afterEach(() => namespace[Symbol.dispose]());

  const block = (network: string, remainingMs: number | null = hour) => ({ network, remainingMs });
  const set = (...add: ReturnType<typeof block>[]) => ({ replace: true, add, remove: [] });

  it('holds networks of both families and of any length, overlapping ones too', async () => {
    await enforcer.apply(set(block('203.0.113.5/32'), block('203.0.113.0/24', 2 * hour), block('2001:db8::/48')));
    await enforcer.apply({ replace: false, add: [block('203.0.112.0/22'), block('2001:db8::1/128')], remove: [] });
    expect(namespace.elements('tenstrip')).toEqual({
      '203.0.113.5/32': 3600,
      '203.0.113.0/24': 7200,
      '203.0.112.0/22': 3600,
      '2001:db8::/48': 3600,
      '2001:db8::1/128': 3600,
    });
  });

  it('drops packets of who is blocked, and of nobody else', async () => {
    for (const address of ['198.51.100.9', '198.51.101.9', '192.0.2.1']) {
      namespace.run('ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
    }
    // Nobody listens: who gets through is told so at once, who is dropped hears nothing.
    const knock = (localAddress: string) => namespace.run(process.execPath, '-e', knocking, localAddress).trim();
    await enforcer.apply(set(block('198.51.100.0/24')));
    expect([knock('198.51.100.9'), knock('198.51.101.9')]).toEqual(['nothing', 'ECONNREFUSED']);
  });

  it('changes ends, removes, and takes the same batch twice', async () => {
    await enforcer.apply(set(block('203.0.113.5/32'), block('203.0.113.6/32'), block('203.0.113.7/32')));
    const change = {
      replace: false,
      add: [block('203.0.113.5/32', 2 * hour), block('203.0.113.8/32')],
      remove: ['203.0.113.6/32', '203.0.113.99/32', '192.0.2.0/25'],
    };
    const expected = { '203.0.113.5/32': 7200, '203.0.113.7/32': 3600, '203.0.113.8/32': 3600 };
    for (let time = 0; time < 2; time += 1) {
      await enforcer.apply(change);
      expect(namespace.elements('tenstrip')).toEqual(expected);
    }
    await enforcer.remove();
    expect(namespace.elements('tenstrip')).toBeUndefined();
  });

  it('lets the kernel end a block when nobody is there to do it', async () => {
    await enforcer.apply(set(block('203.0.113.5/32', 300), block('203.0.113.6/32', null)));
    await sleep(600);
    const left = namespace.elements('tenstrip');
    // No block is for ever in the kernel: this one is renewed for as long as somebody renews it.
    expect(left).toEqual({ '203.0.113.6/32': 30 * 86_400 });
  });

  it('says what is wrong when nft refuses, and is whole again after the whole set', async () => {
    await expect(enforcer.apply({ replace: false, add: [], remove: ['203.0.113.5/32'] })).rejects.toMatchObject({
      code: 'EnforcerUnavailable',
    });
    await enforcer.apply(set(block('203.0.113.5/32')));
    namespace.run('nft', 'flush', 'ruleset');
    const change = { replace: false, add: [block('203.0.113.6/32')], remove: [] };
    await expect(enforcer.apply(change)).rejects.toMatchObject({ code: 'EnforcerUnavailable', retryable: true });
    await expect(new NftablesEnforcer({ program: 'no-such-nft' }).apply(set())).rejects.toMatchObject({
      code: 'EnforcerUnavailable',
    });
    await enforcer.apply(set(block('203.0.113.6/32')));
    expect(Object.keys(namespace.elements('tenstrip')!)).toEqual(['203.0.113.6/32']);
  });

  it('follows a ledger: add, extend, revoke, and somebody who empties the ruleset', { timeout: 30_000 }, async () => {
    await using ledger = await AutoblockerLedger.open({ folder: 'memory:' });
    await ledger.addBlock({ target: '203.0.113.1', reason: 'before the start', durationMs: hour });
    await using loop = new EnforcementLoop({ ledger, enforcer, tickMs: 5 }).start();
    const blockFor = (target: string, durationMs: number) => ledger.addBlock({ target, reason: 'test', durationMs });

    const first = await blockFor('203.0.113.5', hour);
    await blockFor('2001:db8:7::/64', hour);
    await ledger.addBlock({ target: '203.0.113.9', reason: 'test', domains: ['http'], durationMs: hour });
    await loop.caughtUp();
    const networks = () => Object.keys(namespace.elements('tenstrip') ?? {}).sort();
    expect(networks()).toEqual(['2001:db8:7::/64', '203.0.113.1/32', '203.0.113.5/32']);

    await blockFor('203.0.113.1', 5 * hour);
    if (first.kind !== 'decided') throw new Error(first.kind);
    await ledger.revoke(first.decision.id, { code: 'false-positive' });
    await loop.caughtUp();
    expect(networks()).toEqual(['2001:db8:7::/64', '203.0.113.1/32']);
    expect(namespace.elements('tenstrip')!['203.0.113.1/32']).toBeGreaterThan(4 * 3600);

    namespace.run('nft', 'flush', 'ruleset');
    await blockFor('203.0.113.6', hour);
    await loop.caughtUp();
    expect(networks()).toEqual(['2001:db8:7::/64', '203.0.113.1/32', '203.0.113.6/32']);
    expect(loop.health()).toMatchObject({ resyncs: 2, lastError: expect.stringContaining('ended with code 1') });

    expect(await loop.panic('ann')).toEqual({ revoked: 4 });
    await loop.caughtUp();
    expect(networks()).toEqual([]);
    expect(ledger.isBlocked('203.0.113.6')).toBeUndefined();
  });

  it('is consistent again after kill -9 at any moment', { timeout: 3_600_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'enforce-'));
    try {
      const kills = process.env.TENSTRIP_FULL === '1' ? 200 : 3;
      for (let kill = 0; kill < kills; kill += 1) {
        const running = spawn(process.execPath, [child, folder, namespace.name], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let lines = 0;
        try {
          for await (const _ of createInterface(running.stdout)) {
            lines += 1;
            if (lines === 5 + ((kill * 13) % 40)) running.kill('SIGKILL');
          }
        } finally {
          running.kill('SIGKILL');
        }
        await using ledger = await AutoblockerLedger.open({ folder });
        await using loop = new EnforcementLoop({ ledger, enforcer, tickMs: 5 }).start();
        await loop.caughtUp();
        const expected: string[] = [];
        for await (const { target } of ledger.query({ state: 'active' })) {
          if (target.kind === 'ip') expected.push(`${target.value}/32`);
        }
        expect(expected.length).toBeGreaterThan(3);
        expect(Object.keys(namespace.elements('tenstrip')!).sort()).toEqual(expected.sort());
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
