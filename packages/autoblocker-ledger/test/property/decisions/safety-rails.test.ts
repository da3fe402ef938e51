import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyRails, neverBlocked, type RailContext, railLimitsSchema } from '../../../src/decisions/index.js';
import { type BlockTarget, type SecurityEvent, StdinSource } from '../../../src/events/index.js';
import { NetworkSet, parseIpAddress, requireIpPrefix } from '../../../src/lookup/index.js';
import { AutoblockerLedger } from '../../../src/pipeline/index.js';
import type { Scenario } from '../../../src/scenarios/index.js';

const admin = '198.51.100.9';
const addresses = [
  admin,
  '127.0.0.1',
  '::1',
  '0.0.0.0',
  '169.254.1.1',
  'fe80::1',
  '203.0.113.5',
  '203.0.113.6',
  '203.0.114.1',
  '2001:db8::1',
  '2001:db8:1::1',
];
/** Other spellings of some of them, and what is none. */
const spellings = [
  ...addresses,
  '::ffff:198.51.100.9',
  '::FFFF:7f00:1',
  '0:0:0:0:0:0:0:1',
  '198.51.100.09',
  '0x7f.1',
  '127.1',
  '٢٠٣.0.113.5',
];
const networks = [
  '203.0.113.0/24',
  '203.0.113.5',
  '203.0.112.0/20',
  '0.0.0.0/0',
  '::/0',
  '2001:db8::/32',
  '198.51.100.0/24',
  '127.0.0.0/8',
];

/** Overflows at every event: the most eager rule there can be. */
const eager: Scenario = {
  name: 'test/eager',
  version: '1',
  description: 'any event at all',
  references: [],
  domains: ['test', 'ssh', 'http'],
  filter: () => true,
  groupBy: (event) => JSON.stringify(event.actor),
  capacity: 0,
  leakSpeedMs: 1,
  score: 100,
};

type Step =
  | { readonly do: 'event' | 'success'; readonly address: string; readonly time: number }
  | { readonly do: 'line'; readonly address: string; readonly user: string; readonly time: number }
  | { readonly do: 'block'; readonly target: string; readonly person: boolean; readonly forEver: boolean }
  | { readonly do: 'allow' | 'disallow'; readonly network: string };

const time = fc.integer({ min: 0, max: 3_000_000 }).map((ms) => Date.UTC(2026, 10, 23) + ms);
const hostileUser = fc.oneof(
  fc.constantFrom(...spellings).map((address) => `x from ${address} port 22 ssh2`),
  fc.constantFrom(...spellings).map((address) => `${address} port 1 [preauth]`),
  fc.string({ maxLength: 12 }).map((text) => text.replace(/[\n\r]/g, '')),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('event' as const, 'success' as const),
      address: fc.constantFrom(...spellings),
      time,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('line' as const),
      address: fc.constantFrom(...addresses),
      user: hostileUser,
      time,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('block' as const),
      target: fc.constantFrom(...spellings, ...networks),
      person: fc.boolean(),
      forEver: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('allow' as const, 'disallow' as const),
      network: fc.constantFrom(...networks.filter((network) => !network.endsWith('/0')), '203.0.114.1'),
    }),
  },
);

const eventOf = (address: string, when: number, outcome: 'failure' | 'success'): SecurityEvent => ({
  time: when,
  domain: 'test',
  kind: 'event',
  actor: [{ kind: 'ip', value: address }],
  outcome,
  fields: {},
  evidence: { digest: '0'.repeat(64) },
});

async function perform(ledger: AutoblockerLedger, one: Step): Promise<void> {
  switch (one.do) {
    case 'event':
    case 'success': {
      const event = eventOf(one.address, one.time, one.do === 'success' ? 'success' : 'failure');
      if (parseIpAddress(one.address) === undefined)
        await expect(ledger.ingest(event)).rejects.toMatchObject({ code: 'TargetInvalid' });
      else await ledger.ingest(event);
      return;
    }
    case 'line': {
      const line = `${new Date(one.time).toISOString()} h sshd[1]: Failed password for invalid user ${one.user} from ${one.address} port 4 ssh2\n`;
      await ledger.readLogs([new StdinSource(bytesOf(line))]);
      return;
    }
    case 'block': {
      const target: BlockTarget = { kind: one.target.includes('/') ? 'range' : 'ip', value: one.target };
      const origin = one.person ? ('person' as const) : ('scenario' as const);
      const wish = { target, origin, reason: 'test', ...(one.forEver ? { durationMs: null } : {}) };
      const outcome = await ledger.addBlock(wish).catch((error: { code?: string }) => error.code);
      if (typeof outcome === 'object' && outcome.kind === 'decided' && !one.person)
        expect(outcome.decision.until).not.toBeNull();
      return;
    }
    case 'allow':
      await ledger.allow(one.network);
      return;
    case 'disallow':
      await ledger.disallow(one.network);
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** What must hold after every step. */
function check(ledger: AutoblockerLedger): void {
  for (const network of ledger.allowList()) {
    const inside = addresses.filter((address) =>
      new NetworkSet([requireIpPrefix(network)]).touches(requireIpPrefix(address)),
    );
    for (const address of inside)
      expect([network, address, ledger.isBlocked(address)]).toEqual([network, address, undefined]);
    expect(ledger.isBlocked({ kind: 'range', value: network })).toBeUndefined();
  }
  const self = new NetworkSet([...neverBlocked, admin].map(requireIpPrefix));
  for (const address of addresses) {
    if (self.touches(requireIpPrefix(address)))
      expect([address, ledger.isBlocked(address)]).toEqual([address, undefined]);
  }
}

describe('no sequence of events, lines, wishes and changes of the allow-list', () => {
  const full = process.env.TENSTRIP_FULL === '1';
  it('blocks this host, an administrator, or who is allowed', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: full ? 10_000 : 60, size: 'max' }), async (steps) => {
        await using ledger = await AutoblockerLedger.open({
          folder: 'memory:',
          time: 'events',
          adminPeers: [admin],
          allowList: ['203.0.113.6'],
          scenarios: [eager],
          rails: { blocksPerMinute: 10_000, blocksPerMinuteOfScenario: 10_000, addressShare: 0.01, knownGoodScore: 2 },
        });
        for (const one of steps) {
          await perform(ledger, one);
          check(ledger);
        }
        expect((await ledger.verify()).problems).toEqual([]);
      }),
      { numRuns: full ? 20 : 25 },
    );
  });
});

describe('applyRails', () => {
  const context: fc.Arbitrary<RailContext> = fc.record({
    limits: fc.constant(railLimitsSchema.parse({})),
    touchesSelf: fc.boolean().map((touches) => () => touches),
    touchesAllowList: fc.boolean().map((touches) => () => touches),
    blockedAddresses: fc.integer({ min: 0, max: 10_000_000 }),
    knownGood: fc.boolean(),
    knownGoodSources: fc.integer({ min: 0, max: 1000 }),
    blockedKnownGoodSources: fc.integer({ min: 0, max: 20 }),
    recentBlocks: fc.integer({ min: 0, max: 200 }),
    recentBlocksOfScenario: fc.integer({ min: 0, max: 100 }),
  });
  const proposal = fc.record({
    prefix: fc.option(
      fc
        .constantFrom(
          '203.0.113.5/32',
          '203.0.113.0/24',
          '203.0.112.0/23',
          '0.0.0.0/0',
          '2001:db8::/47',
          '2001:db8::/48',
        )
        .map(requireIpPrefix),
      { nil: undefined },
    ),
    origin: fc.constantFrom('scenario' as const, 'person' as const),
    until: fc.option(fc.integer({ min: 0 })),
    score: fc.double({ min: 0, max: 10, noNaN: true }),
  });

  it('allows exactly what every rail lets pass', () => {
    fc.assert(
      fc.property(proposal, context, (wish, known) => {
        const { prefix, score } = wish;
        const isRule = wish.origin === 'scenario';
        const short = prefix !== undefined && prefix.length < (prefix.address.family === 4 ? 24 : 48);
        const added = prefix?.address.family === 4 ? 2 ** (32 - prefix.length) : 0;
        const stopped = [
          prefix !== undefined && (known.touchesSelf(prefix) || known.touchesAllowList(prefix)),
          short,
          prefix !== undefined && known.blockedAddresses + added > 2 ** 32 * 0.001,
          prefix !== undefined &&
            known.knownGood &&
            known.blockedKnownGoodSources >= Math.max(1, Math.floor(known.knownGoodSources / 100)),
          isRule && wish.until === null,
          isRule && known.knownGood && score < 3,
          isRule && (known.recentBlocks >= 120 || known.recentBlocksOfScenario >= 60),
        ];
        expect(applyRails(wish, known).kind === 'allow').toBe(!stopped.includes(true));
      }),
      { numRuns: 5000 },
    );
  });

  it('has no bound that switches a rail off', () => {
    for (const wrong of [
      { blocksPerMinute: Number.POSITIVE_INFINITY },
      { blocksPerMinute: 0 },
      { addressShare: 1 },
      { addressShare: Number.NaN },
      { knownGoodScore: 0 },
      { SELF: false },
      { enabled: false },
    ]) {
      expect(railLimitsSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
