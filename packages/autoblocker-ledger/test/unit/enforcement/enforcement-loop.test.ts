import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AutoblockerLedger,
  dryRun,
  type EnforcementBatch,
  EnforcementLoop,
  type Enforcer,
  NftablesEnforcer,
} from '../../../src/index.js';
import { blockerOf } from '../blocker.js';

/** Holds what it was told, and fails when asked to: after the change or before it. */
class RememberingEnforcer implements Enforcer {
  readonly name = 'memory';
  readonly expiresByItself: boolean;
  readonly held = new Map<string, number | null>();
  fail: 'before' | 'after' | undefined;
  batches = 0;

  constructor(expiresByItself = true) {
    this.expiresByItself = expiresByItself;
  }

  plan(batch: EnforcementBatch): string {
    return JSON.stringify(batch);
  }

  async apply({ replace, add, remove }: EnforcementBatch): Promise<void> {
    if (this.fail === 'before') throw new Error('refused');
    if (replace) this.held.clear();
    for (const { network, remainingMs } of add) this.held.set(network, remainingMs);
    for (const network of remove) this.held.delete(network);
    this.batches += 1;
    if (this.fail === 'after') throw new Error('the answer was lost');
  }

  get networks(): string[] {
    return [...this.held.keys()].sort();
  }
}

const hour = 3_600_000;
let ledger: AutoblockerLedger;
beforeEach(async () => {
  ledger = await AutoblockerLedger.open({ folder: 'memory:' });
});
afterEach(() => ledger.close());

const block = blockerOf(() => ledger);

describe('the enforcement loop', () => {
  it('carries out bans of addresses for all domains, and of its own domain when it has one', async () => {
    await block('203.0.113.5');
    await block('203.0.113.6', hour, ['http']);
    await block({ kind: 'user', value: 'mallory' });
    await ledger.addBlock({ target: '203.0.113.7', action: 'throttle', reason: 'test' });
    const [packets, web] = [new RememberingEnforcer(), new RememberingEnforcer()];
    await using first = new EnforcementLoop({ ledger, enforcer: packets, tickMs: 1 }).start();
    await using second = new EnforcementLoop({ ledger, enforcer: web, domain: 'http', tickMs: 1 }).start();
    await Promise.all([first.caughtUp(), second.caughtUp()]);
    expect(packets.networks).toEqual(['203.0.113.5/32']);
    expect(web.networks).toEqual(['203.0.113.5/32', '203.0.113.6/32']);
  });

  it('keeps a network blocked while one of its decisions stands', async () => {
    const enforcer = new RememberingEnforcer();
    await using loop = new EnforcementLoop({ ledger, enforcer, domain: 'http', tickMs: 1 }).start();
    const long = await block('203.0.113.5', 9 * hour, ['http']);
    const short = await block('203.0.113.5', hour);
    await loop.caughtUp();
    expect(enforcer.held.get('203.0.113.5/32')).toBeGreaterThan(8 * hour);
    await ledger.revoke(long, { code: 'mistake' });
    await loop.caughtUp();
    expect(enforcer.held.get('203.0.113.5/32')).toBeLessThanOrEqual(hour);
    await ledger.revoke(short, { code: 'mistake' });
    await loop.caughtUp();
    expect(enforcer.networks).toEqual([]);
  });

  it.each(['before', 'after'] as const)('loses nothing when an attempt fails %s its effect', async (moment) => {
    const enforcer = new RememberingEnforcer();
    await using loop = new EnforcementLoop({ ledger, enforcer, tickMs: 1, maxBackoffMs: 10 }).start();
    const first = await block('203.0.113.5');
    await loop.caughtUp();
    enforcer.fail = moment;
    await ledger.revoke(first, { code: 'mistake' });
    await block('203.0.113.6');
    await expect.poll(() => loop.health().failures).toBeGreaterThan(1);
    expect(loop.health()).toMatchObject({ state: 'retrying', behind: 2n });
    enforcer.fail = undefined;
    await loop.caughtUp();
    expect(enforcer.networks).toEqual(['203.0.113.6/32']);
    await expect.poll(() => loop.health()).toMatchObject({ state: 'running', behind: 0n, failures: 0 });
  });

  it('ends blocks itself where the enforcer does not, and leaves nothing behind', async () => {
    const enforcer = new RememberingEnforcer(false);
    enforcer.held.set('192.0.2.1/32', null);
    {
      await using loop = new EnforcementLoop({ ledger, enforcer, tickMs: 1 }).start();
      await block('203.0.113.5', 40);
      await block('203.0.113.6', hour);
      await loop.caughtUp();
      await expect.poll(() => enforcer.networks).toEqual(['203.0.113.6/32']);
    }
    expect(enforcer.networks).toEqual([]);
  });

  it('does not look at entries again that change nothing', async () => {
    const enforcer = new RememberingEnforcer();
    await using loop = new EnforcementLoop({ ledger, enforcer, tickMs: 1 }).start();
    for (let count = 0; count < 5; count += 1) await ledger.addBlock({ target: '127.0.0.1', reason: 'refused' });
    await loop.caughtUp();
    expect(loop.health()).toMatchObject({ behind: 0n, cursor: ledger.durableSize - 1n });
    expect(enforcer.batches).toBe(1);
  });

  it('only says what it would do in a dry run', async () => {
    const plans: string[] = [];
    const enforcer = dryRun(new NftablesEnforcer({ program: '/nonexistent', table: 'tried' }), (plan) =>
      plans.push(plan),
    );
    await block('203.0.113.0/25');
    await using loop = new EnforcementLoop({ ledger, enforcer, tickMs: 1 });
    await loop.syncOnce();
    expect(plans[0]).toContain('add set inet tried v4_25 { type ipv4_addr; flags timeout; }');
    expect(plans[0]).toMatch(/ip saddr & 255\.255\.255\.128 @v4_25 counter drop\n/);
    expect(plans[0]).toMatch(/add element inet tried v4_25 \{ 203\.0\.113\.0 timeout \d+s\d+ms \}\n/);
  });
});

describe('the script for nft', () => {
  it('takes no text that is not a network or a name', async () => {
    const enforcer = new NftablesEnforcer();
    const evil = '1.2.3.4/32 }; flush ruleset; #';
    expect(() => enforcer.plan({ replace: true, add: [{ network: evil, remainingMs: 1 }], remove: [] })).toThrow(
      '1.2.3.4/32 }',
    );
    expect(() => enforcer.plan({ replace: true, add: [], remove: [evil] })).toThrow('1.2.3.4/32 }');
    expect(() => new NftablesEnforcer({ table: 'a; flush ruleset' })).toThrow('no name of nft');
    expect(() => new NftablesEnforcer({ namespace: '-x' })).toThrow('no name of ip-netns');
    expect(() => new NftablesEnforcer({ priority: Number.NaN })).toThrow('priority');
  });
});

it('in a panic revokes everything, also when the enforcer cannot be emptied', async () => {
  await block('203.0.113.5');
  await block({ kind: 'user', value: 'ann' });
  const enforcer = new RememberingEnforcer();
  enforcer.fail = 'before';
  const loop = new EnforcementLoop({ ledger, enforcer });
  await expect(loop.panic('ann')).rejects.toThrow('refused');
  expect(ledger.statistics().decisions).toMatchObject({ active: 0, revoked: 2 });
  enforcer.fail = undefined;
  await block('203.0.113.6');
  expect(await loop.panic('ann')).toEqual({ revoked: 1 });
  expect(enforcer.networks).toEqual([]);
});
