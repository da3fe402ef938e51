// Whether two expressions are equal, with three answers (equality of expressions with sin, exp and the like is undecidable: Richardson,
// "Some undecidable problems involving elementary functions of a real variable", 1968). Points refute and never prove; the normal form
// proves, and only what the independent checker has accepted is called proved.

import { isTenstripError, type RandomSource, seededRandom } from '@tenstrip/shared-core';
import { Budget, type BudgetLimits } from '../budget/index.js';
import type { Certificate } from '../certificate/index.js';
import { invalidOption, requireOptions } from '../errors/index.js';
import {
  type Assumptions,
  boxAround,
  type Condition,
  ConditionSet,
  type DomainCondition,
  type ExactValue,
  type ExpressionStore,
  type ExprId,
  evaluateExactly,
  IntervalEvaluator,
  type RationalPoint,
  requireStore,
  symbolNames,
} from '../expression/index.js';
import { NormalForms } from '../normal-form/index.js';
import {
  containsZero,
  disjoint,
  equals,
  type Interval,
  isInteger,
  type Rational,
  signOf,
  toText,
} from '../numbers/index.js';
import { checkedEqualityCertificate, equalityCertificate } from './equality-certificate.js';
import { samplePoint } from './sample-points.js';

/** Why there is no answer. */
export type UnknownReason =
  /** The normal forms differ, and no point was found at which the values certainly do. */
  | 'undecided'
  /** A limit was reached. */
  | 'budget'
  /** Equal by what the engine knows, but not by identities that a checker can repeat. */
  | 'no-certificate'
  /** No point was found at which both sides are defined: there may be nothing to be equal at. */
  | 'no-common-domain';

/** What is known of an equality. */
export type Verdict =
  | {
      readonly kind: 'proved';
      /** For every value that satisfies assumptions and conditions, and for which both sides are defined. */
      readonly certificate: Certificate;
      /** What was cancelled, or needed. */
      readonly conditions: readonly Condition[];
    }
  | {
      readonly kind: 'refuted';
      /** Rational values of the symbols, at which both sides are defined and differ: as `3` or `-3/4`. */
      readonly witness: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'unknown';
      /** Why. */
      readonly reason: UnknownReason;
      /** In words. */
      readonly detail: string;
      /** Points at which both sides are defined and do not certainly differ. Evidence, and no proof. */
      readonly agreedAt: number;
    };

/** Options of {@link proveEqual}. */
export interface ProveOptions extends BudgetLimits {
  /** What is assumed of symbols, for this call. */
  readonly assume?: Assumptions;
  /** Where the sides are defined, beside what they tell themselves; `withDomain` gives it. A witness satisfies it. */
  readonly domain?: readonly DomainCondition[];
  /** Chooses the points. Default: the seed 0. */
  readonly random?: RandomSource;
  /** Points that are tried for a witness. Default 96. */
  readonly maxPoints?: number;
}

const quickPoints = 6;

/**
 * Proves that two expressions are equal, or finds values at which they are not, or says why it knows neither.
 *
 * @throws TenstripError `DomainError` when a side has no value anywhere; `AssumptionContradiction`; what the operation throws when it
 *   was stopped
 */
export function proveEqual(store: ExpressionStore, left: ExprId, right: ExprId, options: ProveOptions = {}): Verdict {
  requireStore(store);
  checkOptions(options);
  for (const id of [left, right, ...(options.domain ?? []).map(({ expression }) => expression)]) store.requireNode(id);
  return store.assuming(options.assume ?? {}, () => {
    const search = new WitnessSearch(store, left, right, options);
    if (left === right) return identical(store, left, search);
    const quick = search.run(quickPoints);
    if (quick !== undefined) return quick;
    const proof = prove(store, left, right, options, search);
    if (proof.kind !== 'unknown') return proof;
    return search.run(options.maxPoints ?? 96) ?? { ...proof, agreedAt: search.agreedAt };
  });
}

function checkOptions(options: ProveOptions): void {
  requireOptions(options, 'options');
  const { domain = [], random, maxPoints = 1 } = options;
  if (!Array.isArray(domain)) throw invalidOption('domain', domain, 'a list of conditions, as withDomain gives it');
  for (const condition of domain) requireOptions(condition, 'domain');
  if (random !== undefined && typeof random?.stream !== 'function')
    throw invalidOption('random', random, 'a source of random numbers, as seededRandom gives');
  if (!(typeof maxPoints === 'number' && maxPoints >= 0 && maxPoints <= 1_000_000))
    throw invalidOption('maxPoints', maxPoints, 'a number from 0 to 1,000,000');
}

function identical(store: ExpressionStore, side: ExprId, search: WitnessSearch): Verdict {
  search.run(quickPoints);
  if (!search.meetsDomain()) return noCommonDomain();
  const certificate = equalityCertificate(store, { left: side, right: side, conditions: [], steps: [] });
  return { kind: 'proved', certificate, conditions: [] };
}

function noCommonDomain(): Verdict {
  return {
    ...{ kind: 'unknown', reason: 'no-common-domain' },
    detail: 'no point was found at which both sides are defined: what is said of no value at all is not called proved',
    agreedAt: 0,
  };
}

function prove(
  store: ExpressionStore,
  left: ExprId,
  right: ExprId,
  options: ProveOptions,
  search: WitnessSearch,
): Verdict {
  const budget = new Budget(options);
  const forms = new NormalForms(store, budget);
  try {
    if (!forms.areEqual(left, right)) {
      return {
        kind: 'unknown',
        reason: 'undecided',
        detail: 'the normal forms differ, and so does no value that was tried',
        agreedAt: 0,
      };
    }
  } catch (error) {
    if (!isTenstripError(error, 'BudgetExceeded', 'ExponentRange')) throw error;
    return { kind: 'unknown', reason: 'budget', detail: error.message, agreedAt: 0 };
  }
  const conditions = forms.conditions.list();
  search.require(conditions);
  if (forms.conditions.isContradictory || !search.meetsDomain()) return noCommonDomain();
  const proof = { left, right, conditions, steps: forms.trace.steps };
  const checked = checkedEqualityCertificate(store, proof, { look: budget.look });
  if ('problem' in checked) return { kind: 'unknown', reason: 'no-certificate', detail: checked.problem, agreedAt: 0 };
  return { kind: 'proved', certificate: checked.certificate, conditions: checked.conditions };
}

/** Looks for a point at which both sides are defined and differ, and remembers whether there was one at which both are defined. */
class WitnessSearch {
  readonly #store: ExpressionStore;
  readonly #sides: readonly [ExprId, ExprId];
  readonly #names: readonly string[];
  readonly #random: RandomSource;
  readonly #budget: Budget;
  readonly #domain: DomainCondition[];
  #intervals: IntervalEvaluator | undefined;
  #round = 0;
  #wasDefined = false;
  /** Points at which both sides are defined and did not certainly differ. */
  agreedAt = 0;

  constructor(store: ExpressionStore, left: ExprId, right: ExprId, options: ProveOptions) {
    this.#store = store;
    this.#sides = [left, right];
    this.#domain = [...(options.domain ?? [])];
    this.#names = symbolNames(store, [left, right, ...this.#domain.map(({ expression }) => expression)]);
    this.#random = (options.random ?? seededRandom(0)).stream('witness');
    this.#budget = new Budget(options);
  }

  /** Adds conditions that a point must satisfy. */
  require(conditions: readonly Condition[]): void {
    const all = new ConditionSet<DomainCondition>(this.#store);
    all.addAll([...this.#domain, ...conditions]);
    if (all.list().length > this.#domain.length) this.#wasDefined = false;
    this.#domain.splice(0, this.#domain.length, ...all.list());
    this.#intervals = undefined;
  }

  /** Tries points up to this many in all. */
  run(upTo: number): Verdict | undefined {
    while (this.#round < upTo) {
      const found = this.#try(this.#nextPoint());
      if (found !== undefined) return found;
      if (this.#names.length === 0) break;
    }
    return undefined;
  }

  /** Whether there is a point at which both sides are defined, as far as can be found. */
  meetsDomain(): boolean {
    for (let attempt = 0; attempt < 200 && !this.#wasDefined; attempt++) this.#try(this.#nextPoint());
    return this.#wasDefined;
  }

  #nextPoint(): RationalPoint {
    return samplePoint(this.#store, this.#names, this.#random, this.#round++);
  }

  #try(point: RationalPoint): Verdict | undefined {
    this.#budget.step(64);
    this.#budget.look();
    const conditions = this.#domain.map(({ expression }) => expression);
    const exact = evaluateExactly(this.#store, [...this.#sides, ...conditions], point);
    if (exact.some((value) => value === 'undefined')) return undefined;
    if (this.#domain.some(({ relation }, at) => isKnown(exact[at + 2]!) && !holds(relation, exact[at + 2] as Rational)))
      return undefined;
    if (exact.every(isKnown)) {
      this.#wasDefined = true;
      if (!equals(exact[0] as Rational, exact[1] as Rational)) return this.#refuted(point);
      this.agreedAt++;
      return undefined;
    }
    this.#intervals ??= new IntervalEvaluator(this.#store, [...this.#sides, ...conditions]);
    const [left, right, ...values] = this.#intervals.at(boxAround(point));
    if (left === undefined || right === undefined) return undefined;
    const satisfied = this.#domain.every(({ relation }, at) => {
      const value = exact[at + 2]!;
      return isKnown(value)
        ? holds(relation, value)
        : values[at] !== undefined && certainlyHolds(relation, values[at]!);
    });
    if (!satisfied) return undefined;
    this.#wasDefined = true;
    if (disjoint(left, right)) return this.#refuted(point);
    this.agreedAt++;
    return undefined;
  }

  #refuted(point: RationalPoint): Verdict {
    const witness: Record<string, string> = Object.create(null);
    for (const name of [...point.keys()].sort()) witness[name] = toText(point.get(name)!);
    return { kind: 'refuted', witness };
  }
}

function isKnown(value: ExactValue): value is Rational {
  return typeof value !== 'string';
}

function holds(relation: DomainCondition['relation'], value: Rational): boolean {
  switch (relation) {
    case 'defined':
      return true;
    case 'integer':
      return isInteger(value);
    case 'nonzero':
      return signOf(value) !== 0;
    default:
      return signOf(value) > 0 || (relation === 'nonnegative' && signOf(value) === 0);
  }
}

/** Of an interval that is known to hold the value: that is defined then. */
function certainlyHolds(relation: DomainCondition['relation'], value: Interval): boolean {
  switch (relation) {
    case 'defined':
      return true;
    case 'integer':
      return false;
    case 'nonzero':
      return !containsZero(value);
    default:
      return value.low > 0 || (relation === 'nonnegative' && value.low === 0);
  }
}
