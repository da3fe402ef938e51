// Bounds of an engine.
import { latticeError, optionsIn, textOf } from '../errors/index.js';
import { MOST_COLUMNS, MOST_LITERALS } from '../fixpoint/index.js';

/** Bounds of an engine; each has a default. What would exceed one is refused, and nothing of it remains. */
export interface EngineLimits {
  /** Rows of one relation, those included that no longer hold. Default 2^28. */
  readonly rows: number;
  /** Bytes of all columns, tables and indexes. Default 4 GiB. */
  readonly bytes: number;
  /** Different terms at once, and different values of one lattice. Default 2^26. */
  readonly terms: number;
  /** Characters of one term in a fact. Default 1,048,576. */
  readonly termLength: number;
  /** Columns of a relation. Default and most 32. */
  readonly columns: number;
  /** Rules, facts in texts not counted. Default 10,000. */
  readonly rules: number;
  /** Characters of one text of rules. Default 1,048,576. */
  readonly ruleText: number;
  /** Literals of a body. Default and most 64. */
  readonly bodyLiterals: number;
  /** Nesting of expressions. Default 32. */
  readonly nesting: number;
  /** How often one cell may rise by recursive rules in one transaction. Default 100,000. */
  readonly cellRaises: number;
  /** Transactions that may wait. Default 10,000. */
  readonly waiting: number;
}

const DEFAULTS: EngineLimits = {
  rows: 2 ** 28,
  bytes: 2 ** 32,
  terms: 2 ** 26,
  termLength: 2 ** 20,
  columns: MOST_COLUMNS,
  rules: 10_000,
  ruleText: 2 ** 20,
  bodyLiterals: MOST_LITERALS,
  nesting: 32,
  cellRaises: 100_000,
  waiting: 10_000,
};

/** Limits with their defaults. @throws TenstripError `OptionsInvalid` naming every wrong one */
export function checkedLimits(given: Partial<EngineLimits> = {}): EngineLimits {
  const issues = Object.entries(optionsIn('limits', given)).flatMap(([name, value]) => {
    if (!(name in DEFAULTS)) return [`limits.${name} is unknown`];
    const most = name === 'columns' ? MOST_COLUMNS : name === 'bodyLiterals' ? MOST_LITERALS : Number.MAX_SAFE_INTEGER;
    const fits = Number.isSafeInteger(value) && value! >= 1 && value! <= most;
    return fits ? [] : [`limits.${name} is ${textOf(value)}: a whole number from 1 to ${most}`];
  });
  if (issues.length > 0) throw latticeError('OptionsInvalid', issues.join('; '), { issues });
  return { ...DEFAULTS, ...given };
}
