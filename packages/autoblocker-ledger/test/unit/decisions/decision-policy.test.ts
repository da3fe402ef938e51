import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { banLengthMs, canonicalTarget, defaultEscalation, RecentSuccesses } from '../../../src/decisions/index.js';
import { ipv4Gateways, ipv6Gateways } from '../../../src/decisions/self-addresses.js';

const hour = 3_600_000;

describe('the length of a ban', () => {
  it('doubles from four hours to a week', () => {
    expect([0, 1, 2, 5, 6, 1000].map((earlier) => banLengthMs(defaultEscalation, earlier) / hour)).toEqual([
      4, 8, 16, 128, 168, 168,
    ]);
  });

  it('never shrinks with the number of bans before', () => {
    const escalation = fc.record({
      baseMs: fc.integer({ min: 1, max: 1e9 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      capMs: fc.integer({ min: 1, max: 1e12 }),
      memoryMs: fc.constant(1),
    });
    fc.assert(
      fc.property(escalation, fc.nat(100), (shape, earlier) => {
        expect(banLengthMs(shape, earlier + 1)).toBeGreaterThanOrEqual(banLengthMs(shape, earlier));
        expect(banLengthMs(shape, earlier)).toBeLessThanOrEqual(shape.capMs);
      }),
    );
  });
});

describe('a target', () => {
  it.each([
    ['::ffff:192.0.2.1', { kind: 'ip', value: '192.0.2.1' }],
    ['2001:DB8::/32', { kind: 'range', value: '2001:db8::/32' }],
    ['192.0.2.1/32', { kind: 'ip', value: '192.0.2.1' }],
  ])('%s has one spelling', (text, target) => {
    expect(canonicalTarget(text)).toEqual(target);
  });

  it.each([
    { kind: 'ip', value: '010.0.0.1' },
    { kind: 'range', value: '10.0.0.1/8' },
    { kind: 'planet', value: 'x' },
    { kind: 'certificate', spkiSha256: 'x' },
    null,
    7,
  ])('%o is none', (value) => {
    expect(() => canonicalTarget(value as never)).toThrow(expect.objectContaining({ code: 'TargetInvalid' }));
  });
});

const address = (value: string) => ({ kind: 'ip' as const, value });

describe('who logged in lately', () => {
  it('counts only before the attack began, and for a day', () => {
    const successes = new RecentSuccesses();
    successes.note(address('192.0.2.1'), 'ann', 1000);
    expect(successes.succeededBefore(address('192.0.2.1'), 1001)).toBe(true);
    expect(successes.succeededBefore(address('192.0.2.1'), 1000)).toBe(false);
    expect(successes.succeededBefore(address('192.0.2.1'), 1001 + 24 * hour)).toBe(false);
    expect(successes.succeededBefore(address('192.0.2.2'), 1001)).toBe(false);
  });

  it('holds at most 100,000 sources', () => {
    const successes = new RecentSuccesses();
    for (let n = 0; n < 100_010; n += 1) successes.note(address(`source-${n}`), undefined, n);
    expect(successes.size).toBe(100_000);
    expect(successes.succeededBefore(address('source-0'), 200_000)).toBe(false);
  });
});

describe('gateways of the kernel', () => {
  it('are read from /proc/net/route', () => {
    const table =
      'Iface\tDestination\tGateway \tFlags\neth0\t00000000\t010011AC\t0003\neth0\t000011AC\t00000000\t0001\n';
    expect(ipv4Gateways(table)).toEqual(['172.17.0.1']);
  });

  it('are read from /proc/net/ipv6_route', () => {
    const line =
      '00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000042acfffe110001 00000400 00000001 00000000 00000003     eth0';
    expect(ipv6Gateways(`${line}\n`)).toEqual(['fe80::42:acff:fe11:1']);
  });
});
