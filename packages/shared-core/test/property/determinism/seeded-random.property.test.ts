import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RandomSource, seededRandom } from '../../../src/determinism/index.js';

const word = 2n ** 64n - 1n;
const rotated = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & word;

/** xoroshiro128+ as Blackman and Vigna publish it (2018 constants 24, 16, 37), by BigInt. */
function* xoroshiro128plus(state: readonly [bigint, bigint]): Iterable<bigint> {
  let [s0, s1] = state;
  for (;;) {
    yield (s0 + s1) & word;
    s1 ^= s0;
    s0 = (rotated(s0, 24n) ^ s1 ^ ((s1 << 16n) & word)) & word;
    s1 = rotated(s1, 37n);
  }
}

/** The seed of a text as the documentation says: SHA-256 of "seed", then kind, length and UTF-16 of the label. */
function stateOf(seed: string): readonly [bigint, bigint] {
  const hash = createHash('sha256').update(`seeds${seed.length}:`).update(seed, 'utf16le').digest();
  // pure-rand keeps its words as (high, low) of the first half and (high, low) of the second.
  const at = (index: number): bigint => BigInt(hash.readUInt32LE(4 * index));
  return [(at(0) << 32n) | at(1), (at(2) << 32n) | at(3)];
}

function draw(source: RandomSource, count: number): number[] {
  return Array.from({ length: count }, () => source.uint32());
}

const seed = fc.oneof(fc.string(), fc.integer(), fc.bigInt());
const labels = fc.array(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 3 });

describe('seededRandom', () => {
  it.each([{}, null, undefined, true, [1], Symbol('seed')])('refuses what is no seed: %s', (given) => {
    expect(() => seededRandom(given as never)).toThrow(/the seed is .*; give a finite number, a bigint or a text/);
  });

  it('is the low half of xoroshiro128+', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const reference = xoroshiro128plus(stateOf(text))[Symbol.iterator]();
        const expected = Array.from({ length: 50 }, () => Number(BigInt.asUintN(32, reference.next().value as bigint)));
        expect(draw(seededRandom(text), 50)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('gives a stream that does not depend on what was drawn before', () => {
    fc.assert(
      fc.property(seed, labels, fc.nat(20), (given, path, drawn) => {
        const fresh = seededRandom(given).stream(...path);
        const used = seededRandom(given);
        draw(used, drawn);
        expect(draw(used.stream(...path), 10)).toEqual(draw(fresh, 10));
      }),
    );
  });

  it('gives different streams for different labels, and for one label split in two', () => {
    fc.assert(
      fc.property(seed, labels, labels, (given, one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const source = seededRandom(given);
        expect(draw(source.stream(...one), 4)).not.toEqual(draw(source.stream(...other), 4));
      }),
    );
    const source = seededRandom(1);
    expect(draw(source.stream('ab', 'c'), 4)).not.toEqual(draw(source.stream('a', 'bc'), 4));
    expect(draw(source.stream('1'), 4)).not.toEqual(draw(source.stream(1), 4));
  });

  it('stays within the bounds of integer, for any two safe integers', () => {
    const bound = fc.maxSafeInteger();
    fc.assert(
      fc.property(seed, bound, bound, (given, a, b) => {
        const [minimum, maximum] = a < b ? [a, b] : [b, a];
        const drawn = seededRandom(given).integer(minimum, maximum);
        expect(Number.isSafeInteger(drawn) && drawn >= minimum && drawn <= maximum).toBe(true);
      }),
    );
  });

  it('draws each integer of a range equally often, also where the range does not divide 2^32', () => {
    // Chi-square with 2 degrees of freedom over the classes modulo 3; 13.8 is exceeded by chance once in a thousand.
    // A modulo of 2^32 over 3 * 2^30 values would give the first quarter twice as often: chi-square above 3000.
    const source = seededRandom('uniform');
    const size = 3 * 2 ** 30;
    const draws = 30_000;
    const classes = [0, 0, 0];
    for (let index = 0; index < draws; index++) classes[Math.floor(source.integer(0, size - 1) / 2 ** 30)]!++;
    const chiSquare = classes.reduce((sum, seen) => sum + (seen - draws / 3) ** 2 / (draws / 3), 0);
    expect(chiSquare).toBeLessThan(13.8);
  });

  it('draws floats in [0, 1) whose sixteenths are equally often', () => {
    const source = seededRandom('floats');
    const draws = 32_000;
    const classes = new Array<number>(16).fill(0);
    for (let index = 0; index < draws; index++) {
      const drawn = source.float();
      expect(drawn >= 0 && drawn < 1 && Number.isInteger(drawn * 2 ** 53)).toBe(true);
      classes[Math.floor(drawn * 16)]!++;
    }
    const chiSquare = classes.reduce((sum, seen) => sum + (seen - draws / 16) ** 2 / (draws / 16), 0);
    expect(chiSquare).toBeLessThan(37.7); // 15 degrees of freedom, once in a thousand
  });

  it('fills bytes with the words that uint32 gives, in little-endian order', () => {
    fc.assert(
      fc.property(seed, fc.nat(40), (given, length) => {
        const bytes = new Uint8Array(length);
        seededRandom(given).fill(bytes);
        const words = new DataView(new ArrayBuffer(44));
        draw(seededRandom(given), 11).forEach((value, index) => {
          words.setUint32(4 * index, value, true);
        });
        expect(bytes).toEqual(new Uint8Array(words.buffer, 0, length));
      }),
    );
  });

  it('takes 7 and 7n for one seed and the text 7 for another', () => {
    const [number, bigint, text] = [7, 7n, '7'].map((given) => draw(seededRandom(given), 4));
    expect(bigint).toEqual(number);
    expect(text).not.toEqual(number);
  });

  it('refuses seeds and ranges that are none', () => {
    expect(() => seededRandom(Number.NaN)).toThrow(RangeError);
    expect(() => seededRandom(1).integer(2, 1)).toThrow(RangeError);
    expect(() => seededRandom(1).integer(0.5, 1)).toThrow(RangeError);
    expect(() => seededRandom(1).integer(0, 2 ** 60)).toThrow(RangeError);
  });
});
