// Rules of a user: left side, right side, conditions on their letters. A rule is believed by nobody: before it is accepted its sides are
// compared at points, and proved equal where that can be done.

import type { RandomSource } from '@tenstrip/shared-core';
import type { BudgetLimits } from '../budget/index.js';
import type { Certificate } from '../certificate/index.js';
import { invalidOption, reducerError, requireOptions } from '../errors/index.js';
import {
  type Assumption,
  type Condition,
  ConditionSet,
  type DomainCondition,
  type ExpressionStore,
  type ExprId,
  negativeSign,
  positiveSign,
  postorder,
  requireStore,
  symbolNames,
  zeroSign,
} from '../expression/index.js';
import { proveEqual } from '../proof/index.js';
import { parseText, printText } from '../syntax/index.js';

/** A rule as it is written: all symbols of `left` are letters that stand for any expression. */
export interface RuleText {
  /** Its name, in errors and certificates. */
  readonly name: string;
  /** What is replaced, as `a*log(b)`. Not a single letter. */
  readonly left: string;
  /** By what; no other symbols than those of `left`. */
  readonly right: string;
  /** What must be known of the letters: `{ b: ['positive'] }`. */
  readonly where?: Readonly<Record<string, readonly Assumption[]>>;
}

/** A rule that was accepted. */
export interface Rule {
  readonly name: string;
  readonly left: ExprId;
  readonly right: ExprId;
  readonly letters: ReadonlySet<ExprId>;
  /** What must be known of the letters. */
  readonly where: Readonly<Record<string, readonly Assumption[]>>;
  readonly conditions: readonly Condition[];
  /** Why it is true. Without: it was only found to agree at points, and certificates name it as believed. */
  readonly certificate: Certificate | undefined;
}

/** Options for accepting rules. */
export interface RuleSetOptions extends BudgetLimits {
  /** Chooses the points. Default: the seed 0. */
  readonly random?: RandomSource;
  /** Refuses what cannot be proved. Default: false; agreement at `minPoints` points is enough, and the rule is named as believed. */
  readonly onlyProved?: boolean;
  /** Points at which an unproved rule must agree. Default 8. */
  readonly minPoints?: number;
}

const maxPatternNodes = 256;

/** Rules that were checked, of one store. */
export class RuleSet {
  /** The store that the patterns are in. */
  readonly store: ExpressionStore;
  /** In the order in which they are tried. */
  readonly rules: readonly Rule[];

  /**
   * @throws TenstripError `RuleRejected` with the rule's name, and the witness when its sides differ; `ParseError`
   */
  constructor(store: ExpressionStore, rules: readonly RuleText[], options: RuleSetOptions = {}) {
    requireStore(store);
    if (!Array.isArray(rules)) throw invalidOption('rules', rules, 'a list of rules, as { name, left, right }');
    requireOptions(options, 'options');
    this.store = store;
    this.rules = rules.map((rule) => accepted(store, rule, options));
  }
}

function accepted(store: ExpressionStore, text: RuleText, options: RuleSetOptions): Rule {
  requireOptions(text, 'rule');
  const { name, where = {} } = text;
  const rejected = (problem: string, details: Readonly<Record<string, unknown>> = {}) =>
    reducerError('RuleRejected', `the rule "${name}" is not accepted: ${problem}`, { rule: name, ...details });
  if ([name, text.left, text.right].some((part) => typeof part !== 'string'))
    throw rejected('its name, left and right side must be texts');
  requireOptions(where, `where of the rule "${name}"`);
  for (const letter of Object.keys(where)) {
    if (!Array.isArray(where[letter])) throw rejected(`what is known of ${letter} must be a list, as ["positive"]`);
  }
  // Patterns are read without what is assumed of letters: sqrt(a^2) would be the letter a, and match everything.
  const { result: left, domain } = store.withDomain(() => parseText(store, text.left));
  const { result: right, domain: domainOfRight } = store.withDomain(() => parseText(store, text.right));
  const names = symbolNames(store, [left]);
  const letters = new Set(names.map((letter) => store.symbol(letter)));
  if (letters.has(left) || store.kindOf(left) === 'number')
    throw rejected('its left side is a letter or a number, which is everywhere');
  if (postorder(store, [left, right]).length > maxPatternNodes)
    throw rejected(`it has more than ${maxPatternNodes} parts`);
  const unbound = symbolNames(store, [right]).filter((letter) => !names.includes(letter));
  if (unbound.length > 0) throw rejected(`${unbound.join(', ')} occurs only on its right side`);
  if (left === right) throw rejected('both its sides are the same');
  const unknown = Object.keys(where).filter((letter) => !names.includes(letter));
  if (unknown.length > 0)
    throw rejected(`its condition speaks of ${unknown.join(', ')}, which is not on its left side`);
  const verdict = proveEqual(store, left, right, { ...options, domain: [...domain, ...domainOfRight], assume: where });
  if (verdict.kind === 'refuted') {
    throw rejected(`its sides differ at ${JSON.stringify(verdict.witness)}`, { witness: verdict.witness });
  }
  const missing = notImplied(store, domainOfRight, domain, where);
  if (missing !== undefined)
    throw rejected(
      `its right side is only defined where ${printText(store, missing.expression)} is ${missing.relation}, which its left side does not need; say in "where" what is known of its letters`,
    );
  const { minPoints = 8, onlyProved = false } = options;
  if (verdict.kind === 'unknown') {
    if (onlyProved) throw rejected(`it could not be proved (${verdict.detail})`);
    if (verdict.agreedAt < minPoints)
      throw rejected(`its sides could be compared at ${verdict.agreedAt} points only (${verdict.detail})`);
  }
  return {
    ...{ name, left, right, letters, where, conditions: conditionsOf(store, where) },
    certificate: verdict.kind === 'proved' ? verdict.certificate : undefined,
  };
}

/** The first of some conditions that follows neither by sign from others and from what is known of letters, nor is one of the others. */
function notImplied(
  store: ExpressionStore,
  conditions: readonly DomainCondition[],
  others: readonly DomainCondition[],
  where: Readonly<Record<string, readonly Assumption[]>>,
): DomainCondition | undefined {
  const ofSymbols = others.flatMap(({ relation, expression }) => {
    const name = store.nameOf(expression);
    return name === undefined || relation === 'defined' ? [] : [[name, [relation]] as const];
  });
  const open = () => {
    const set = new ConditionSet<DomainCondition>(store);
    set.addAll(conditions);
    return set
      .list()
      .find(
        ({ relation, expression }) =>
          !others.some((other) => other.expression === expression && implies(other.relation, relation)),
      );
  };
  return store.assuming(where, () =>
    ofSymbols.reduceRight(
      (next, [name, facts]) =>
        () =>
          store.assuming({ [name]: facts }, next),
      open,
    )(),
  );
}

const implies = (known: DomainCondition['relation'], wanted: DomainCondition['relation']) =>
  known === wanted || (known === 'positive' && wanted !== 'integer');

const needed = {
  positive: ['positive'],
  nonnegative: ['nonnegative'],
  nonzero: ['nonzero'],
  integer: ['integer'],
} as const;

/** What is demanded of letters, as conditions; negative ones of the opposite. */
function conditionsOf(store: ExpressionStore, where: Readonly<Record<string, readonly Assumption[]>>): Condition[] {
  return Object.keys(where).flatMap((name) =>
    where[name]!.flatMap((assumption): Condition[] => {
      const symbol = store.symbol(name);
      if (Object.hasOwn(needed, assumption))
        return [{ relation: assumption as Condition['relation'], expression: symbol }];
      if (assumption === 'negative') return [{ relation: 'positive', expression: store.negate(symbol) }];
      if (assumption === 'nonpositive') return [{ relation: 'nonnegative', expression: store.negate(symbol) }];
      return [];
    }),
  );
}

/** Whether what stands for a letter is known to be what the rule demands. */
export function satisfies(store: ExpressionStore, value: ExprId, demands: readonly Assumption[]): boolean {
  const excluded: Readonly<Record<Assumption, number>> = {
    ...{ real: 0, integer: 0, nonzero: zeroSign, positive: zeroSign | negativeSign, negative: zeroSign | positiveSign },
    ...{ nonnegative: negativeSign, nonpositive: positiveSign },
  };
  return demands.every((demand) => {
    if (demand === 'integer') {
      const number = store.valueOf(value);
      const name = store.nameOf(value);
      return typeof number === 'number' || (name !== undefined && store.factsOf(name).integer);
    }
    return (store.signs(value) & excluded[demand]) === 0;
  });
}
