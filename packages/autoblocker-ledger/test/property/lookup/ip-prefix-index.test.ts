import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  IpPrefixIndex,
  NetworkSet,
  networkOf,
  parseIpAddress,
  parseIpPrefix,
  prefixCovers,
} from '../../../src/lookup/index.js';

const word = fc.integer({ min: 0, max: 0xffffffff });
/** Addresses from a small neighbourhood, so that networks really cover each other. */
const nearWord = fc.oneof(
  word,
  fc.integer({ min: 0, max: 15 }).map((low) => (0xc0000200 + low) >>> 0),
);
const ipv4 = nearWord.map((a) => ({ family: 4 as const, words: [a, 0, 0, 0] as const }));
const ipv6 = fc
  .tuple(fc.constantFrom(0x20010db8, 0xfe800000, 1), nearWord, fc.constantFrom(0, 1), nearWord)
  .map((words) => ({ family: 6 as const, words }));
const address = fc.oneof(ipv4, ipv6);
const prefix: fc.Arbitrary<IpPrefix> = address.chain((one) =>
  fc.integer({ min: 0, max: one.family === 4 ? 32 : 128 }).map((length) => networkOf(one, length)),
);

describe('IpPrefixIndex', () => {
  it('agrees with a linear scan over any sequence of set and delete', () => {
    const step = fc.tuple(fc.boolean(), prefix, fc.nat(1000));
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        fc.array(address, { maxLength: 30, size: 'max' }),
        (steps, asked) => {
          const index = new IpPrefixIndex();
          const oracle = new Map<string, { prefix: IpPrefix; value: number }>();
          for (const [adds, network, value] of steps) {
            const key = formatIpPrefix(network);
            if (adds) {
              index.set(network, value);
              oracle.set(key, { prefix: network, value });
            } else expect(index.delete(network)).toBe(oracle.delete(key));
          }
          expect(index.size).toBe(oracle.size);
          for (const { prefix: network, value } of oracle.values()) expect(index.get(network)).toBe(value);
          for (const one of asked) {
            const host = networkOf(one, one.family === 4 ? 32 : 128);
            const expected = [...oracle.values()]
              .filter((held) => prefixCovers(held.prefix, host))
              .sort((a, b) => b.prefix.length - a.prefix.length)
              .map((held) => held.value);
            expect(index.lookup(formatIpAddress(one))).toBe(expected[0] ?? -1);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('agrees with net.BlockList on 2,000 networks and 3,000 addresses', () => {
    const index = new IpPrefixIndex();
    // One list a family: node:net sees IPv4 addresses in IPv6 networks around ::ffff:0:0/96, and we see them as IPv4 only.
    const lists = { 4: new BlockList(), 6: new BlockList() };
    const networks = fc.sample(prefix, { numRuns: 2000, seed: 7 }).filter(({ length }) => length > 3);
    for (const [value, network] of networks.entries()) {
      index.set(network, value);
      const { family } = network.address;
      lists[family].addSubnet(formatIpAddress(network.address), network.length, `ipv${family}`);
    }
    for (const one of fc.sample(address, { numRuns: 3000, seed: 8 })) {
      const text = formatIpAddress(one);
      expect([text, index.lookup(text) >= 0]).toEqual([text, lists[one.family].check(text, `ipv${one.family}`)]);
    }
  });

  it('shrinks its tables with its content and finds nothing afterwards', () => {
    const index = new IpPrefixIndex();
    const networks = Array.from({ length: 5000 }, (_, low) =>
      networkOf({ family: 4, words: [low * 7919, 0, 0, 0] }, 32),
    );
    for (const [value, network] of networks.entries()) index.set(network, value);
    for (const network of networks) expect(index.delete(network)).toBe(true);
    expect(index.size).toBe(0);
    expect(networks.every((network) => index.lookupAddress(network.address) === -1)).toBe(true);
  });
});

describe('NetworkSet', () => {
  it('touches a target exactly when one covers the other', () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 20, size: 'max' }), prefix, (networks, target) => {
        const expected = networks.some((one) => prefixCovers(one, target) || prefixCovers(target, one));
        expect(new NetworkSet(networks).touches(target)).toBe(expected);
      }),
    );
  });
});

describe('parseIpAddress', () => {
  it('takes exactly what node:net takes, zones left out', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF:.%/ x-٣'), maxLength: 20 }),
      fc.stringMatching(/^(?:[0-9a-f]{0,5}:){1,8}[0-9a-f.]{0,12}$/),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        const valid = isIP(candidate) !== 0 && !candidate.includes('%');
        expect([candidate, parseIpAddress(candidate) !== undefined]).toEqual([candidate, valid]);
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives each address one spelling, the one of WHATWG URLs for IPv6', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const parsed = parseIpAddress(text)!;
        if (parsed.family === 4) return;
        expect(formatIpAddress(parsed)).toBe(new URL(`http://[${text}]`).hostname.slice(1, -1));
      }),
      { numRuns: 2000 },
    );
  });

  it('shortens the same run of zeros as WHATWG URLs', () => {
    const group = fc.constantFrom(0, 0, 0, 1, 0xa, 0xbc, 0xdef, 0x1000, 0xffff);
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((one) => one.toString(16)).join(':');
        const parsed = parseIpAddress(text)!;
        if (parsed.family === 4) return;
        const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
        expect(formatIpAddress(parsed)).toBe(canonical);
        expect(parseIpAddress(canonical)).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(prefix, (network) => {
        expect(parseIpPrefix(formatIpPrefix(network))).toEqual(
          network.address.family === 6 && network.address.words[0] === 0 && network.address.words[2] === 0xffff
            ? expect.anything()
            : network,
        );
        const text = formatIpAddress(network.address);
        expect(network.address.family === 4 ? isIPv4(text) : isIPv6(text)).toBe(true);
      }),
    );
  });
});

describe('IpPrefixIndex with many networks', () => {
  it('agrees with a linear scan while thousands come and go', () => {
    let state = 1;
    const next = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 4;
    };
    const index = new IpPrefixIndex();
    const held = new Map<string, { prefix: IpPrefix; value: number }>();
    const near = (): IpPrefix['address'] => ({
      family: 4,
      words: [((next() % 64) << 24) | (next() & 0x3ffff), 0, 0, 0],
    });
    for (let step = 0; step < 30_000; step += 1) {
      const network = networkOf(near(), next() % 8 === 0 ? next() % 33 : 24 + (next() % 9));
      const key = formatIpPrefix(network);
      // Mostly more in the first half, mostly fewer in the second.
      if (next() % 10 < (step < 15_000 ? 7 : 2)) {
        index.set(network, step);
        held.set(key, { prefix: network, value: step });
      } else {
        const [first] = held.keys();
        const other = first === undefined ? network : held.get(first)!.prefix;
        expect(index.delete(other)).toBe(held.delete(formatIpPrefix(other)));
      }
      if (step % 100 !== 0) continue;
      const address = near();
      const host = networkOf(address, 32);
      const expected = [...held.values()]
        .filter(({ prefix: one }) => prefixCovers(one, host))
        .sort((one, other) => other.prefix.length - one.prefix.length)
        .map(({ value }) => value);
      expect(index.lookupAddress(address)).toBe(expected[0] ?? -1);
    }
    expect(held.size).toBeLessThan(3000);
  });
});
