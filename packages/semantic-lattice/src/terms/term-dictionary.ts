// Terms as integers: every string of a fact or a rule has one number. Columns hold the numbers; the strings are looked at again at the
// border only.
import { latticeError } from '../errors/index.js';
import { Numbering } from './numbering.js';

/** Strings and their numbers, from 0 upwards. */
export class TermDictionary extends Numbering<string> {
  /** @param limit terms at most */
  constructor(limit: number) {
    super(limit, () => {
      throw latticeError('CapacityExceeded', `more than ${limit} terms: raise limits.terms`, {
        resource: 'terms',
        allowed: limit,
      });
    });
  }

  /**
   * The number of a term, given now if it is new.
   *
   * @throws TenstripError `CapacityExceeded`
   */
  intern(term: string): number {
    const known = this.find(term);
    return known < 0 ? this.add(term, term) : known;
  }

  /** The term of a number that {@link intern} gave. */
  term(number: number): string {
    return this.thing(number);
  }
}
