// A lattice from its Hasse diagram: security labels, types, roles. Joins and meets are looked up in tables that are made once, in
// O(n^3) bit operations; a pair without a single least upper bound is refused by name.

import { iterableIn, latticeError, objectIn, refuseInput } from '../errors/index.js';
import type { Lattice } from './lattice.js';

/** What {@link finiteLattice} makes a lattice of. */
export interface FiniteLatticeOptions {
  /** Names it in errors and certificates. */
  readonly name: string;
  /** Pairs `[lower, higher]`; what follows from them by transitivity need not be there. */
  readonly below: readonly (readonly [string, string])[];
}

/** More elements than this are refused: the tables have a square of it. */
const maximumElements = 4096;

/**
 * The lattice in which each pair's first is below its second.
 *
 * @throws TenstripError `LatticeInvalid` when the pairs have a cycle, when two elements have no least upper bound (or no greatest
 * lower one), and when there are more than 4096 elements: the message names them; `OptionsInvalid` for what is no list of pairs
 */
export function finiteLattice(options: FiniteLatticeOptions): Lattice<string> {
  const { name, below: given } = objectIn('the options of a finite lattice', options);
  const below = [...iterableIn('below', given)];
  for (const pair of below) {
    const isPair = Array.isArray(pair) && pair.length === 2 && pair.every((each) => typeof each === 'string');
    if (!isPair) refuseInput('a pair of below', pair, 'give two names, [lower, higher]');
  }
  const names = [...new Set(below.flat())];
  if (names.length === 0) notALattice(name, `the lattice ${name} has no elements: give pairs [lower, higher]`);
  if (names.length > maximumElements) {
    notALattice(name, `the lattice ${name} has ${names.length} elements; at most ${maximumElements}`);
  }
  const order = new ElementOrder(name, names, below);
  const joins = order.bounds((a, b) => order.leq(a, b), 'least upper');
  const meets = order.bounds((a, b) => order.leq(b, a), 'greatest lower');
  const extreme = (isExtreme: (a: number) => boolean) => names[names.findIndex((_, a) => isExtreme(a))]!;
  const all = names.map((_, index) => index);
  const index = (value: string) => order.index(value);
  return {
    name,
    bottom: extreme((a) => all.every((b) => order.leq(a, b))),
    top: extreme((a) => all.every((b) => order.leq(b, a))),
    height: order.height(),
    join: (a, b) => names[joins[index(a) * names.length + index(b)]!]!,
    meet: (a, b) => names[meets[index(a) * names.length + index(b)]!]!,
    leq: (a, b) => order.leq(index(a), index(b)),
    equals: (a, b) => a === b,
    encode: (value) => names[index(value)]!,
    decode: (text) => names[index(text)]!,
  };
}

function notALattice(name: string, message: string): never {
  throw latticeError('LatticeInvalid', message, { name });
}

/** The reflexive, transitive closure of the pairs, as a square of bytes. */
class ElementOrder {
  readonly #name: string;
  readonly #names: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;
  readonly #leq: Uint8Array;

  constructor(name: string, names: readonly string[], below: FiniteLatticeOptions['below']) {
    const size = names.length;
    this.#name = name;
    this.#names = names;
    this.#indices = new Map(names.map((each, index) => [each, index]));
    this.#leq = new Uint8Array(size * size);
    for (let a = 0; a < size; a += 1) this.#leq[a * size + a] = 1;
    for (const [low, high] of below) this.#leq[this.index(low) * size + this.index(high)] = 1;
    this.#close();
  }

  index(value: string): number {
    const index = this.#indices.get(value);
    if (index === undefined) throw new RangeError(`${JSON.stringify(value)} is no element of ${this.#name}`);
    return index;
  }

  leq(a: number, b: number): boolean {
    return this.#leq[a * this.#names.length + b] === 1;
  }

  /** For each pair the bound that is below (in the sense of `leq`) all of its bounds. */
  bounds(leq: (a: number, b: number) => boolean, kind: string): Uint16Array {
    const size = this.#names.length;
    const table = new Uint16Array(size * size);
    for (let a = 0; a < size; a += 1) {
      for (let b = a; b < size; b += 1) {
        let best = -1;
        for (let c = 0; c < size; c += 1) {
          if (leq(a, c) && leq(b, c) && (best < 0 || leq(c, best))) best = c;
        }
        for (let c = 0; c < size && best >= 0; c += 1) {
          if (leq(a, c) && leq(b, c) && !leq(best, c)) best = -1;
        }
        if (best < 0) {
          notALattice(
            this.#name,
            `${this.#name} is no lattice: ${this.#names[a]} and ${this.#names[b]} have no ${kind} bound`,
          );
        }
        table[a * size + b] = best;
        table[b * size + a] = best;
      }
    }
    return table;
  }

  /** Steps of the longest chain: each element's height is one more than the highest below it. */
  height(): number {
    const size = this.#names.length;
    const count = (b: number) => this.#names.filter((_, a) => this.leq(a, b)).length;
    const upwards = this.#names.map((_, index) => index).sort((a, b) => count(a) - count(b));
    const heights = new Int32Array(size);
    for (const b of upwards) {
      for (const a of upwards) if (a !== b && this.leq(a, b)) heights[b] = Math.max(heights[b]!, heights[a]! + 1);
    }
    return heights.reduce((highest, each) => Math.max(highest, each), 0);
  }

  /** Warshall's closure; a pair below each other both ways is a cycle. */
  #close(): void {
    const size = this.#names.length;
    for (let k = 0; k < size; k += 1) {
      for (let a = 0; a < size; a += 1) {
        if (this.#leq[a * size + k] === 0) continue;
        for (let b = 0; b < size; b += 1) this.#leq[a * size + b]! |= this.#leq[k * size + b]!;
      }
    }
    for (let a = 0; a < size; a += 1) {
      for (let b = 0; b < a; b += 1) {
        if (this.leq(a, b) && this.leq(b, a)) {
          notALattice(
            this.#name,
            `${this.#name} has a cycle: ${this.#names[b]} and ${this.#names[a]} are below each other`,
          );
        }
      }
    }
  }
}
