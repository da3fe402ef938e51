// The values of one lattice as integers: interned by their canonical text, joined through the lattice's own functions.
import { latticeError, textOf } from '../errors/index.js';
import type { Lattice } from '../lattices/index.js';

/** Interned values of a lattice; number 0 is bottom. */
export class LatticeValues {
  readonly lattice: Lattice<unknown>;
  readonly #numbers = new Map<string, number>();
  readonly #values: unknown[] = [];
  readonly #texts: string[] = [];

  constructor(lattice: Lattice<unknown>) {
    this.lattice = lattice;
    this.intern(lattice.bottom);
  }

  /** The number of a value. @throws TenstripError `LatticeInvalid` when the lattice cannot encode it */
  intern(value: unknown): number {
    const text = this.#guard('encode', () => this.lattice.encode(value));
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#values.length;
    this.#numbers.set(text, number);
    this.#values.push(value);
    this.#texts.push(text);
    return number;
  }

  /**
   * The number of a value from outside. What is kept of it is read from its text, so that changing the object later changes nothing,
   * and -0 is 0. @throws TenstripError `LatticeInvalid`
   */
  take(value: unknown): number {
    const text = this.#guard('encode', () => this.lattice.encode(value));
    return this.#numbers.get(text) ?? this.decode(text);
  }

  /** The number of a value, or -1 when no cell ever had it. */
  find(value: unknown): number {
    return this.#numbers.get(this.#guard('encode', () => this.lattice.encode(value))) ?? -1;
  }

  /** The number of a text that the lattice can decode. @throws TenstripError `LatticeInvalid` */
  decode(text: string): number {
    return this.intern(this.#guard('decode', () => this.lattice.decode(text)));
  }

  value(number: number): unknown {
    return this.#values[number];
  }

  text(number: number): string {
    return this.#texts[number]!;
  }

  /** The least upper bound of two values. */
  join(a: number, b: number): number {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    return this.intern(this.#guard('join', () => this.lattice.join(this.#values[a], this.#values[b])));
  }

  /** The lattice's widening of a cell that rises too often, or `next` when it has none. */
  widen(old: number, next: number): number {
    if (this.lattice.widen === undefined) return next;
    const widened = this.intern(this.#guard('widen', () => this.lattice.widen!(this.#values[old], this.#values[next])));
    if (this.join(widened, next) !== widened) {
      throw latticeError(
        'LatticeInvalid',
        `widen of lattice ${this.lattice.name} gave ${this.text(widened)}, which is not above ${this.text(next)}`,
        {
          name: this.lattice.name,
        },
      );
    }
    return widened;
  }

  #guard<R>(name: string, body: () => R): R {
    try {
      return body();
    } catch (cause) {
      throw latticeError(
        'LatticeInvalid',
        `${name} of lattice ${this.lattice.name} threw: ${cause instanceof Error ? cause.message : textOf(cause)}`,
        { name: this.lattice.name },
        { cause },
      );
    }
  }
}
