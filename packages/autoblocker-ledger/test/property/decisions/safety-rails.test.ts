import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import {
  applyRails,
  neverBlocked,
  type RailContext,
  type RailProposal,
  railLimitsSchema,
} from '../../../src/decisions/index.js';
import { HttpProtection } from '../../../src/enforcement/index.js';
import { type BlockTarget, type SecurityEvent, StdinSource } from '../../../src/events/index.js';
import { NetworkSet, parseIpAddress, requireIpPrefix } from '../../../src/lookup/index.js';
import { AutoblockerLedger } from '../../../src/pipeline/index.js';
import type { Scenario } from '../../../src/scenarios/index.js';

const year = 366 * 86_400_000;
const admin = '198.51.100.9';
/** Behind a carrier's NAT, and behind one that is configured. */
const shared = ['100.64.3.9', '192.0.2.7'];
/** Sends nothing but what could come from anybody. */
const onlyPackets = '198.51.100.77';
const addresses = [
  admin,
  ...shared,
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
  '::ffff:100.64.3.9',
  '198.51.100.09',
  '0313.0.0161.05',
  '0xcb007105',
  '3405803781',
  '0x7f.1',
  '127.1',
  '٢٠٣.0.113.5',
  '２０３.0.113.5',
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
  score: 1.9,
};

type Step =
  | { readonly do: 'event' | 'success'; readonly address: string; readonly time: number }
  | { readonly do: 'line'; readonly address: string; readonly user: string; readonly time: number }
  | { readonly do: 'packet'; readonly transport: 'udp' | 'icmp' | 'tcp-syn'; readonly time: number }
  | { readonly do: 'refused'; readonly address: string; readonly status: number; readonly time: number }
  | { readonly do: 'header'; readonly peer: string; readonly forwardedFor: string; readonly time: number }
  | { readonly do: 'block'; readonly target: string; readonly person: boolean; readonly forEver: boolean }
  | { readonly do: 'allow' | 'disallow'; readonly network: string };

/** Clocks step back and forth, by an hour and by a year. */
const time = fc
  .tuple(fc.integer({ min: 0, max: 3_000_000 }), fc.constantFrom(0, 0, 0, 0, -3_600_000, 3_600_000, -31_536_000_000))
  .map(([ms, step]) => Date.UTC(2026, 10, 23) + ms + step);
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
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('packet' as const),
      transport: fc.constantFrom('udp' as const, 'icmp' as const, 'tcp-syn' as const),
      time,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refused' as const),
      address: fc.constantFrom(...addresses),
      status: fc.constantFrom(403, 429),
      time,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('header' as const),
      peer: fc.constantFrom('203.0.113.5', '203.0.114.1', '10.9.8.7'),
      forwardedFor: fc
        .array(fc.oneof(fc.constantFrom(...spellings), fc.string({ maxLength: 9 })), { maxLength: 4 })
        .map((hops) => hops.join(', ')),
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
  victim: { user: `user${when % 7}` },
  outcome,
  fields: {},
  evidence: { digest: '0'.repeat(64) },
});

/** All that a ledger decided, to see whether a step changed something. */
async function decided(ledger: AutoblockerLedger): Promise<string> {
  const ends: string[] = [];
  for await (const { id, until, extensions } of ledger.query()) ends.push(`${id} ${until} ${extensions}`);
  return ends.join();
}

async function perform(ledger: AutoblockerLedger, one: Step): Promise<void> {
  switch (one.do) {
    case 'packet': {
      const event = { ...eventOf(onlyPackets, one.time, 'failure'), transport: one.transport };
      for (const outcome of (await ledger.ingest(event)).outcomes) {
        if (outcome.kind === 'decided') expect(outcome.decision.action).toBe('throttle');
      }
      return;
    }
    case 'refused': {
      // The line that a proxy writes when it carries a block out: while one stands, it must change nothing.
      const stands = ledger
        .decisionsOn(one.address, one.time)
        .some(({ from, action }) => from < one.time && action !== 'observe');
      const before = stands ? await decided(ledger) : '';
      const [, day, month, year, clock] = new Date(one.time).toUTCString().split(' ');
      const line = `${one.address} - - [${day}/${month}/${year}:${clock} +0000] "GET /x HTTP/1.1" ${one.status} 0\n`;
      // The log states whole seconds.
      const second = Math.floor(one.time / 1000) * 1000;
      const stillStands = ledger.decisionsOn(one.address, second).some(({ from }) => from < second);
      await ledger.readLogs([new StdinSource(bytesOf(line))]);
      if (stands && stillStands) expect(await decided(ledger)).toBe(before);
      return;
    }
    case 'header': {
      const request = { socket: { remoteAddress: one.peer }, headers: { 'x-forwarded-for': one.forwardedFor } };
      const protection = new HttpProtection({ ledger, trustedProxies: ['10.0.0.0/8'] });
      const address = protection.addressOf(request as unknown as IncomingMessage);
      // Who is no proxy is who they are, whatever they claim.
      if (one.peer !== '10.9.8.7') expect(address).toBe(one.peer);
      if (address !== undefined) await ledger.ingest(eventOf(address, one.time, 'failure'));
      return;
    }
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
  for (const address of [...shared, onlyPackets]) {
    const banned = ledger
      .decisionsOn(address)
      .filter(({ origin, action, target }) => origin === 'scenario' && action === 'ban' && target.kind === 'ip');
    // A caller that proposes a ban without its evidence is believed about what it saw, and about nothing else.
    expect(address === onlyPackets ? banned.filter(({ evidence }) => evidence.length > 0) : banned).toEqual([]);
  }
}

async function walk(steps: readonly Step[]): Promise<void> {
  await using ledger = await AutoblockerLedger.open({
    folder: 'memory:',
    time: 'events',
    adminPeers: [admin],
    allowList: ['203.0.113.6'],
    sharedNetworks: ['192.0.2.0/28'],
    scenarios: [eager],
    rails: { blocksPerMinute: 10_000, blocksPerMinuteOfScenario: 10_000, addressShare: 0.01, knownGoodScore: 2 },
  });
  for (const one of steps) {
    await perform(ledger, one);
    check(ledger);
  }
  expect((await ledger.verify()).problems).toEqual([]);
}

describe('no sequence of events, lines, wishes and changes of the allow-list', () => {
  it('blocks this host, an administrator, who is allowed, or who is not alone', { timeout: 600_000 }, async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
    await fc.assert(fc.asyncProperty(steps, walk), { numRuns: 25 });
  });

  const full = requireFull();
  it.skipIf(!full.available)('does so in 10,000 steps', { timeout: 1_800_000 }, async () => {
    const steps = fc.array(step, { minLength: 10_000, maxLength: 10_000, size: 'max' });
    await fc.assert(fc.asyncProperty(steps, walk), { numRuns: 5, endOnFailure: true });
  });
});

describe('applyRails', () => {
  const context: fc.Arbitrary<RailContext> = fc.record({
    limits: fc.constant(railLimitsSchema.parse({})),
    touchesSelf: fc.boolean().map((touches) => () => touches),
    touchesAllowList: fc.boolean().map((touches) => () => touches),
    touchesShared: fc.boolean().map((touches) => () => touches),
    blockedAddresses: fc.integer({ min: 0, max: 10_000_000 }),
    knownGoodInside: fc.nat(3),
    knownGoodSources: fc.integer({ min: 0, max: 1000 }),
    blockedKnownGoodSources: fc.integer({ min: 0, max: 20 }),
    recentBlocks: fc.integer({ min: 0, max: 200 }),
    recentBlocksOfScenario: fc.integer({ min: 0, max: 100 }),
  });
  const evidence = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map(([events, caused, spoofable]) => ({
    events,
    causedByBlock: Math.min(events, caused),
    spoofable: Math.min(events, spoofable),
  }));
  const proposal: fc.Arbitrary<RailProposal> = fc.record({
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
    action: fc.constantFrom('ban' as const, 'captcha' as const, 'throttle' as const, 'observe' as const),
    origin: fc.constantFrom('scenario' as const, 'person' as const),
    from: fc.constant(1000),
    until: fc.option(fc.oneof(fc.integer({ min: 0 }), fc.constantFrom(1000 + year, 1001 + year, 100 * year))),
    score: fc.double({ min: 0, max: 10, noNaN: true }),
    evidence,
  });

  it('allows exactly what every rail lets pass, and less than a ban where only that is safe', () => {
    fc.assert(
      fc.property(proposal, context, (wish, known) => {
        const { prefix, score, action } = wish;
        const isRule = wish.origin === 'scenario';
        const bits = prefix?.address.family === 4 ? 32 : 128;
        const short = prefix !== undefined && prefix.length < (bits === 32 ? 24 : 48);
        const added = prefix?.address.family === 4 ? 2 ** (32 - prefix.length) : 0;
        const good = known.knownGoodInside > 0;
        const isNetwork = prefix !== undefined && prefix.length < bits;
        const stopped = [
          prefix !== undefined && (known.touchesSelf(prefix) || known.touchesAllowList(prefix)),
          short,
          prefix !== undefined && known.blockedAddresses + added > 2 ** 32 * 0.001,
          prefix !== undefined &&
            good &&
            known.blockedKnownGoodSources + known.knownGoodInside >
              Math.max(1, Math.floor(known.knownGoodSources / 100)),
          isRule && (wish.until === null || wish.until - wish.from > year),
          isRule && good && (isNetwork || score < 3),
          isRule && (known.recentBlocks >= 120 || known.recentBlocksOfScenario >= 60),
          isRule && wish.evidence.events > 0 && wish.evidence.causedByBlock === wish.evidence.events,
        ];
        const softened = [
          isRule && (action === 'ban' || action === 'captcha') && wish.evidence.spoofable > 0,
          isRule && action === 'ban' && prefix !== undefined && known.touchesShared(prefix),
        ];
        const { kind } = applyRails(wish, known);
        expect(kind === 'refuse' || kind === 'review').toBe(stopped.includes(true));
        expect(kind === 'throttle').toBe(!stopped.includes(true) && softened.includes(true));
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
      { sharedUsers: 1 },
      { sharedUsers: 1000 },
      { SELF: false },
      { enabled: false },
    ]) {
      expect(railLimitsSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
