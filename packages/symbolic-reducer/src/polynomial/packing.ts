// Monomials as one or two doubles: each exponent is a field of bits, the first variable in the highest, so that comparing the
// numbers compares lexicographically and adding them multiplies monomials (Monagan and Pearce, "Polynomial Division using Dynamic
// Arrays, Heaps, and Packed Exponent Vectors", 2007). Doubles and not 64-bit integers, because JavaScript adds and compares
// doubles at full speed; 53 bits each.

import { reducerError } from '../errors/index.js';

/** Bits of an integer that a double holds exactly. */
const WORD_BITS = 53;

/** How the exponents of a fixed number of variables lie in one or two words. */
export class Packing {
  readonly variables: number;
  /** Doubles of a monomial. */
  readonly words: 1 | 2;
  /** Bits of each variable's field. */
  readonly widths: Uint8Array;
  /** Of each variable, 0 when its field is in the high word, 1 when it is in the low one. Always 0 with one word. */
  readonly wordOf: Uint8Array;
  /** 2^(position of the field). */
  readonly scale: Float64Array;
  /** 2^(width of the field). */
  readonly radix: Float64Array;
  readonly #id: string;

  private constructor(widths: Uint8Array, id: string) {
    const { length } = widths;
    this.variables = length;
    this.widths = widths;
    this.#id = id;
    this.wordOf = new Uint8Array(length);
    this.scale = new Float64Array(length);
    this.radix = Float64Array.from(widths, (width) => 2 ** width);
    // From the last variable, which is lowest, upwards; a field lies in one word.
    let position = 0;
    let word = 0;
    for (let variable = length - 1; variable >= 0; variable--) {
      const width = widths[variable]!;
      if (position + width > WORD_BITS) {
        word++;
        position = 0;
      }
      this.wordOf[variable] = word;
      this.scale[variable] = 2 ** position;
      position += width;
    }
    if (word > 1) throw tooWide(widths);
    this.words = word === 0 ? 1 : 2;
    if (word === 1) for (let variable = 0; variable < length; variable++) this.wordOf[variable]! ^= 1;
  }

  /**
   * The packing for polynomials of these degrees: fields of equal width where they fit, because polynomials of one shape are then
   * combined without packing again, else of the widths needed.
   *
   * @throws TenstripError `ExponentRange` when two words cannot hold them
   */
  static for(degrees: ArrayLike<number>): Packing {
    const width = Math.floor(WORD_BITS / Math.max(1, degrees.length));
    if (width >= 2) {
      const most = 2 ** width;
      let fits = true;
      for (let variable = 0; variable < degrees.length; variable++) fits &&= degrees[variable]! < most;
      if (fits) return Packing.even(degrees.length);
    }
    return Packing.tight(degrees);
  }

  /** The packing with fields of equal width, as wide as one word allows; for at most 26 variables. */
  static even(variables: number): Packing {
    let packing = Packing.#even[variables];
    if (packing === undefined) {
      const width = Math.floor(WORD_BITS / Math.max(1, variables));
      packing = Packing.#of(new Uint8Array(variables).fill(width));
      Packing.#even[variables] = packing;
    }
    return packing;
  }

  static readonly #even: (Packing | undefined)[] = [];

  /**
   * The packing with the least widths for polynomials of these degrees.
   *
   * @throws TenstripError `ExponentRange`
   */
  static tight(degrees: ArrayLike<number>): Packing {
    return Packing.#of(Uint8Array.from(degrees, bitLength));
  }

  static readonly #interned = new Map<string, Packing>();

  static #of(widths: Uint8Array): Packing {
    const id = widths.join();
    const found = Packing.#interned.get(id);
    if (found !== undefined) return found;
    const packing = new Packing(widths, id);
    if (Packing.#interned.size >= 256) Packing.#interned.clear();
    Packing.#interned.set(id, packing);
    return packing;
  }

  /** Whether both lay monomials out alike. */
  equals(other: Packing): boolean {
    return this === other || this.#id === other.#id;
  }

  /** Whether exponents up to these have room. */
  holds(degrees: ArrayLike<number>): boolean {
    for (let variable = 0; variable < this.variables; variable++) {
      if (degrees[variable]! >= this.radix[variable]!) return false;
    }
    return true;
  }

  /** The highest exponent of each variable among `count` monomials; the lowest when `lowest` is set. */
  extremes(keys: Float64Array, low: Float64Array | undefined, count: number, lowest: boolean): Float64Array {
    const found = new Float64Array(this.variables);
    for (let variable = 0; variable < this.variables; variable++) {
      const words = this.wordOf[variable] === 0 ? keys : low!;
      const inverse = 1 / this.scale[variable]!;
      const radix = this.radix[variable]!;
      let extreme = 0;
      for (let term = 0; term < count; term++) {
        const shifted = Math.floor(words[term]! * inverse);
        const exponent = shifted - Math.floor(shifted / radix) * radix;
        if (lowest ? term === 0 || exponent < extreme : exponent > extreme) extreme = exponent;
      }
      found[variable] = extreme;
    }
    return found;
  }

  /** The exponent of a variable in one monomial, of which `word` is the word that has it. */
  exponentIn(word: number, variable: number): number {
    const shifted = Math.floor(word / this.scale[variable]!);
    const radix = this.radix[variable]!;
    return shifted - Math.floor(shifted / radix) * radix;
  }

  /** The exponent of a variable in each of `count` monomials. `low` is there when this has two words. */
  exponents(variable: number, keys: Float64Array, low: Float64Array | undefined, count: number): Float64Array {
    const words = this.wordOf[variable] === 0 ? keys : low!;
    const inverse = 1 / this.scale[variable]!;
    const radix = this.radix[variable]!;
    const exponents = new Float64Array(count);
    for (let term = 0; term < count; term++) {
      const shifted = Math.floor(words[term]! * inverse);
      exponents[term] = shifted - Math.floor(shifted / radix) * radix;
    }
    return exponents;
  }
}

function bitLength(value: number): number {
  let bits = value < 2 ** 31 ? 32 - Math.clz32(value) : Math.floor(Math.log2(value)) + 1;
  if (2 ** bits <= value) bits++;
  return bits;
}

function tooWide(widths: Uint8Array) {
  const bits = widths.reduce((sum, width) => sum + width, 0);
  const message = `the exponents of ${widths.length} variables need ${bits} bits, in two words of ${WORD_BITS}: use fewer variables or lower degrees`;
  return reducerError('ExponentRange', message, { bits, allowed: 2 * WORD_BITS });
}
