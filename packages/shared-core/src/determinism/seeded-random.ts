// xoroshiro128+ (Blackman and Vigna, 2018; the low half of each output, by pure-rand), seeded by SHA-256, so that
// near seeds and near labels give unrelated streams. A number costs nanoseconds; a stream costs one hash.
import { createHash } from 'node:crypto';
import { uniformBigInt } from 'pure-rand/distribution/uniformBigInt';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { RandomSource } from './random-source.js';

/**
 * The random source of `seed`: the same seed gives the same numbers on every machine. The number 7 and the bigint 7n
 * are one seed, the text '7' is another.
 *
 * @throws RangeError when `seed` is a number that is not finite; TypeError when it is nothing of the three.
 */
export function seededRandom(seed: number | bigint | string): RandomSource {
  if (typeof seed === 'number' && !Number.isFinite(seed)) {
    throw new RangeError(`the seed is ${seed}; give a finite number, a bigint or a text`);
  }
  if (!['number', 'bigint', 'string'].includes(typeof seed)) {
    throw new TypeError(
      `the seed is ${seed === null ? 'null' : `of type ${typeof seed}`}; give a finite number, a bigint or a text`,
    );
  }
  return new SeededRandom(digest('seed', [seed]));
}

class SeededRandom implements RandomSource {
  readonly #seed: Uint8Array;
  readonly #generator: RandomGenerator;

  /** @param seed 32 bytes; the first 16 are the generator's state. */
  constructor(seed: Uint8Array) {
    this.#seed = seed;
    const words = new DataView(seed.buffer, seed.byteOffset, 16);
    this.#generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => words.getInt32(offset, true)));
  }

  uint32(): number {
    return this.#generator.next() >>> 0;
  }

  integer(minimum: number, maximum: number): number {
    if (!Number.isSafeInteger(minimum) || !Number.isSafeInteger(maximum) || minimum > maximum) {
      throw new RangeError(`the range is ${minimum} to ${maximum}; give two safe integers, the smaller first`);
    }
    if (maximum - minimum < Number.MAX_SAFE_INTEGER) return uniformInt(this.#generator, minimum, maximum);
    return Number(uniformBigInt(this.#generator, BigInt(minimum), BigInt(maximum))); // a wider sum would be rounded
  }

  float(): number {
    return uniformFloat64(this.#generator);
  }

  fill(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += 4) {
      let word = this.#generator.next();
      const end = Math.min(offset + 4, bytes.length);
      for (let index = offset; index < end; index++, word >>>= 8) bytes[index] = word & 0xff;
    }
  }

  stream(...labels: readonly (string | number)[]): RandomSource {
    return new SeededRandom(digest(this.#seed, labels));
  }
}

/** SHA-256 of `key` and `labels`, each with its kind and length, so that no two lists of labels meet in one text. */
function digest(key: string | Uint8Array, labels: readonly (string | number | bigint)[]): Uint8Array {
  const hash = createHash('sha256').update(key);
  for (const label of labels) {
    const text = String(label);
    hash.update(`${typeof label === 'string' ? 's' : 'n'}${text.length}:`).update(text, 'utf16le');
  }
  return hash.digest();
}
