// Terms as integers: every string of a fact or a rule has one number, given in the order of first use and never taken back.
// Columns hold the numbers; the strings are looked at again at the border only.
import { latticeError } from '../errors/index.js';

/** Strings and their numbers, from 0 upwards. */
export class TermDictionary {
  readonly #numbers = new Map<string, number>();
  readonly #terms: string[] = [];
  readonly #limit: number;

  /** @param limit terms at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Terms so far; numbers are below it. */
  get size(): number {
    return this.#terms.length;
  }

  /**
   * The number of a term, given now if it is new.
   *
   * @throws TenstripError `CapacityExceeded`
   */
  intern(term: string): number {
    const known = this.#numbers.get(term);
    if (known !== undefined) return known;
    const number = this.#terms.length;
    if (number >= this.#limit) {
      throw latticeError('CapacityExceeded', `more than ${this.#limit} terms: raise limits.terms`, {
        resource: 'terms',
        allowed: this.#limit,
      });
    }
    this.#numbers.set(term, number);
    this.#terms.push(term);
    return number;
  }

  /** The number of a term, or -1 when it has none. */
  find(term: string): number {
    return this.#numbers.get(term) ?? -1;
  }

  /** The term of a number that {@link intern} gave. */
  term(number: number): string {
    return this.#terms[number]!;
  }
}
