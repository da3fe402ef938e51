// The values of one lattice as integers: interned by their canonical text, joined through the lattice's own functions.
import { latticeError, textOf } from '../errors/index.js';
import type { Lattice } from '../lattices/index.js';
import { Numbering } from '../terms/index.js';

/** Interned values of a lattice; number 0 is bottom. */
export class LatticeValues extends Numbering<{ readonly value: unknown; readonly text: string }> {
  readonly lattice: Lattice<unknown>;

  /** @param limit values at most */
  constructor(lattice: Lattice<unknown>, limit: number) {
    super(limit, () => {
      throw latticeError(
        'CapacityExceeded',
        `more than ${limit} values of lattice ${lattice.name}: raise limits.terms`,
        { resource: 'terms', allowed: limit, name: lattice.name },
      );
    });
    this.lattice = lattice;
    this.intern(lattice.bottom);
  }

  /** The number of a value. @throws TenstripError `LatticeInvalid` when the lattice cannot encode it */
  intern(value: unknown): number {
    const text = this.#guard('encode', () => this.lattice.encode(value));
    const known = this.find(text);
    return known < 0 ? this.add(text, { value, text }) : known;
  }

  /**
   * The number of a value from outside. What is kept of it is read from its text, so that changing the object later changes nothing,
   * and -0 is 0. @throws TenstripError `LatticeInvalid`
   */
  take(value: unknown): number {
    const text = this.#guard('encode', () => this.lattice.encode(value));
    const known = this.find(text);
    return known < 0 ? this.decode(text) : known;
  }

  /** The number of a value, or -1 when no cell ever had it. */
  findValue(value: unknown): number {
    return this.find(this.#guard('encode', () => this.lattice.encode(value)));
  }

  /** The number of a text that the lattice can decode. @throws TenstripError `LatticeInvalid` */
  decode(text: string): number {
    return this.intern(this.#guard('decode', () => this.lattice.decode(text)));
  }

  value(number: number): unknown {
    return this.thing(number).value;
  }

  text(number: number): string {
    return this.thing(number).text;
  }

  /** The least upper bound of two values. */
  join(a: number, b: number): number {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    return this.intern(this.#guard('join', () => this.lattice.join(this.value(a), this.value(b))));
  }

  /** The lattice's widening of a cell that rises too often, or `next` when it has none. */
  widen(old: number, next: number): number {
    if (this.lattice.widen === undefined) return next;
    const widened = this.intern(this.#guard('widen', () => this.lattice.widen!(this.value(old), this.value(next))));
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
