// What may be assumed of a symbol: its sign, and that it is a whole number. Every symbol is a real number.

import { reducerError } from '../errors/index.js';
import { anySign, negativeSign, positiveSign, type SignMask, zeroSign } from './functions.js';

/** A fact about a symbol. */
export type Assumption = 'real' | 'integer' | 'nonzero' | 'positive' | 'negative' | 'nonnegative' | 'nonpositive';

/** Facts about symbols, by name. */
export type Assumptions = Readonly<Record<string, readonly Assumption[]>>;

/** All that is known of a symbol. */
export interface SymbolFacts {
  /** The signs it can have. */
  readonly signs: SignMask;
  /** Whether it is a whole number. */
  readonly integer: boolean;
}

const signsOf: Readonly<Record<Assumption, SignMask>> = {
  ...{ real: anySign, integer: anySign, nonzero: negativeSign | positiveSign },
  ...{ positive: positiveSign, negative: negativeSign },
  ...{ nonnegative: zeroSign | positiveSign, nonpositive: zeroSign | negativeSign },
};

/** The names of all assumptions. */
export const assumptionNames = Object.keys(signsOf) as readonly Assumption[];

/**
 * A fact more.
 *
 * @throws TenstripError `AssumptionContradiction` when no number is left; `OptionsInvalid` when it is no assumption
 * @internal
 */
export function withAssumption(name: string, facts: SymbolFacts, assumption: Assumption): SymbolFacts {
  if (!Object.hasOwn(signsOf, assumption)) {
    const message = `"${String(assumption)}" is no assumption; use ${assumptionNames.join(', ')}`;
    throw reducerError('OptionsInvalid', message, { option: 'assume', symbol: name });
  }
  const signs = facts.signs & signsOf[assumption];
  if (signs !== 0) return { signs, integer: facts.integer || assumption === 'integer' };
  const message = `no number is what is assumed of ${name}: "${assumption}" contradicts what was assumed before`;
  throw reducerError('AssumptionContradiction', message, { symbol: name });
}
