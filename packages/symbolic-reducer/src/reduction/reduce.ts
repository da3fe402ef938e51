// Reduction: of all forms that are found equal, the cheapest, with the proof that it is equal. The forms are the normal form, the normal
// form with its square-free factors apart, and both of parts of the expression, where the whole is too large or does not gain by it.

import { isTenstripError } from '@tenstrip/shared-core';
import { Budget, type BudgetLimits } from '../budget/index.js';
import type { Certificate } from '../certificate/index.js';
import { type CheckLimits, checkCertificate } from '../certificate/index.js';
import { invalidOption, requireOptions } from '../errors/index.js';
import {
  type Assumptions,
  type Condition,
  ConditionSet,
  type ExpressionStore,
  type ExprId,
  postorder,
  requireStore,
  substitute,
  symbolNames,
} from '../expression/index.js';
import { type Fraction, type KernelSpace, NormalForms } from '../normal-form/index.js';
import { squareFree } from '../polynomial/index.js';
import { acceptedCertificate, assumedConditions, certified, certifyForm, equalityCertificate } from '../proof/index.js';
import { RuleSet, rewrite, rewritingCertificate } from '../rewriting/index.js';
import { SharedMathJson } from '../syntax/index.js';
import { type CostModel, operationCount } from './cost-model.js';

/** Options of {@link reduce}. */
export interface ReduceOptions extends BudgetLimits {
  /** What is to be small. Default: operations of an evaluation. */
  readonly cost?: CostModel;
  /** Rules that are applied first, to the end; the cheaper of before and after is kept. */
  readonly rules?: RuleSet;
  /** What is assumed of symbols, for this call. */
  readonly assume?: Assumptions;
}

/** What a reduction did. */
export interface ReductionStatistics {
  /** Inner steps, as the budget counts them. */
  readonly steps: number;
  /** Forms that were compared by their costs. */
  readonly candidates: number;
  /** Applications of rules. */
  readonly rewritings: number;
}

/** A result with its proof. */
export interface Reduction {
  /** An expression that is equal to what was given, wherever that is defined and the conditions hold. */
  readonly result: ExprId;
  /** By the cost model. */
  readonly cost: number;
  /** The same of what was given. */
  readonly costBefore: number;
  /** False when a limit ended the search: the result is equal all the same, and something cheaper may exist. */
  readonly complete: boolean;
  /**
   * Why the result is equal: certificates one after the other lead from what was given to it. A `rewriting` whose rules are named
   * `equality n` is followed by the certificates of these equalities, in the order of its rules.
   */
  readonly certificates: readonly Certificate[];
  /** What was cancelled: the result is defined where these do not hold, and what was given may not be. */
  readonly conditions: readonly Condition[];
  /** What was done. */
  readonly statistics: ReductionStatistics;
}

/** A form that is equal, and what it was made with. */
interface Candidate {
  readonly result: ExprId;
  readonly forms: NormalForms;
}

/** Steps of the checker for a proof that may be too long. */
const quickCheckSteps = 1_000_000;
/** Nodes of an expression whose parts are reduced one by one. */
const maxParts = 2_000;
/** Work for each of these parts. */
const maxPartSteps = 20_000;

/**
 * Finds a cheaper equal expression.
 *
 * @throws TenstripError `DomainError` when the expression has no value anywhere; `AssumptionContradiction`; `OptionsInvalid`; what the
 *   operation throws when it was aborted. A limit that is reached, and a deadline, is no error: the answer is `complete: false`
 */
export function reduce(store: ExpressionStore, expression: ExprId, options: ReduceOptions = {}): Reduction {
  requireStore(store);
  requireOptions(options, 'options');
  store.requireNode(expression);
  const { cost, rules } = options;
  if (cost !== undefined && typeof cost?.cost !== 'function')
    throw invalidOption('cost', cost, 'a cost model, as { name, cost(store, root) }');
  if (rules !== undefined && !(rules instanceof RuleSet)) throw invalidOption('rules', rules, 'a RuleSet');
  return store.assuming(options.assume ?? {}, () => new Reducer(store, expression, options).run());
}

class Reducer {
  readonly #store: ExpressionStore;
  readonly #start: ExprId;
  readonly #options: ReduceOptions;
  readonly #budget: Budget;
  readonly #model: CostModel;
  readonly #certificates: Certificate[] = [];
  readonly #conditions: ConditionSet;
  #current: ExprId;
  #cost: number;
  #complete = true;
  #candidates = 0;
  #rewritings = 0;

  constructor(store: ExpressionStore, start: ExprId, options: ReduceOptions) {
    this.#store = store;
    this.#start = start;
    this.#current = start;
    this.#options = options;
    this.#budget = new Budget(options);
    this.#model = options.cost ?? operationCount;
    this.#cost = this.#model.cost(store, start);
    this.#conditions = new ConditionSet(store);
  }

  run(): Reduction {
    const costBefore = this.#cost;
    this.#bounded(() => this.#applyRules());
    // A proof of the whole can be long where those of its parts are short: it is tried with little work first.
    const whole = this.#bounded(() => this.#reduceWhole({ maxSteps: quickCheckSteps }));
    if (!whole && this.#bounded(() => this.#reduceParts())) this.#bounded(() => this.#reduceWhole());
    if (this.#certificates.length === 0) {
      this.#certificates.push(
        equalityCertificate(this.#store, { left: this.#start, right: this.#start, conditions: [], steps: [] }),
      );
    }
    return {
      ...{ result: this.#current, cost: this.#cost, costBefore, complete: this.#complete },
      ...{ certificates: this.#certificates, conditions: this.#conditions.list() },
      statistics: { steps: this.#budget.steps, candidates: this.#candidates, rewritings: this.#rewritings },
    };
  }

  /** Runs a part of the search; a limit ends only that part. */
  #bounded(part: () => boolean): boolean {
    try {
      return part();
    } catch (error) {
      if (!isTenstripError(error, 'BudgetExceeded', 'ExponentRange', 'DeadlineExceeded')) throw error;
      this.#complete = false;
      return false;
    }
  }

  #applyRules(): boolean {
    const { rules } = this.#options;
    if (rules === undefined) return false;
    const rewritten = rewrite(this.#store, this.#current, rules, { budget: this.#budget });
    this.#candidates++;
    this.#rewritings = rewritten.steps.length;
    if (!rewritten.complete) this.#complete = false;
    const cost = this.#model.cost(this.#store, rewritten.result);
    if (rewritten.steps.length === 0 || cost >= this.#cost) return false;
    const checked = acceptedCertificate(rewritingCertificate(this.#store, this.#current, rewritten), {
      look: this.#budget.look,
    });
    if ('problem' in checked) return false;
    this.#certificates.push(checked.certificate);
    this.#current = rewritten.result;
    this.#cost = cost;
    return true;
  }

  /** The normal form of the whole, if it is cheaper and its certificate is accepted. */
  #reduceWhole(limits: CheckLimits = {}): boolean {
    const best = this.#cheapest(this.#current, this.#budget);
    if (best === undefined) return false;
    const proof = { left: this.#current, right: best.result, forms: best.forms, budget: this.#budget };
    const checked = certifyForm(this.#store, proof, limits);
    if ('problem' in checked) return false;
    this.#certificates.push(checked.certificate);
    this.#conditions.addAll(checked.conditions);
    this.#current = best.result;
    this.#cost = this.#model.cost(this.#store, best.result);
    return true;
  }

  /** The cheapest of an expression's forms; `undefined` when that is itself. */
  #cheapest(expression: ExprId, budget: Budget): Candidate | undefined {
    const forms = new NormalForms(this.#store, budget);
    const { space, fractions } = forms.fractions([expression]);
    const fraction = space.lowest(fractions[0]!);
    let best: ExprId | undefined;
    let bestCost = this.#model.cost(this.#store, expression);
    for (const candidate of [space.expressionOf(fraction), this.#factored(space, fraction, budget)]) {
      this.#candidates++;
      const cost = this.#model.cost(this.#store, candidate);
      if (cost >= bestCost) continue;
      best = candidate;
      bestCost = cost;
    }
    if (best === undefined) return undefined;
    return { result: best, forms };
  }

  /** The fraction with powers of square-free factors, as (x + 1)^2 / (x*(x - 1)). */
  #factored(space: KernelSpace, { numerator, denominator }: Fraction, budget: Budget): ExprId {
    const store = this.#store;
    if (numerator.isZero) return store.zero;
    const parts: ExprId[] = [];
    for (const [polynomial, sign] of [
      [numerator, 1],
      [denominator, -1],
    ] as const) {
      const { content, factors } = squareFree(polynomial, budget);
      parts.push(store.power(store.rational(content), store.number(sign)));
      for (const { factor, multiplicity } of factors) {
        parts.push(store.power(space.polynomialExpression(factor), store.number(sign * multiplicity)));
      }
    }
    return store.product(parts);
  }

  /** Parts, the inner first; each that becomes cheaper is a rule of a rewriting, with its own equality. */
  #reduceParts(): boolean {
    const order = postorder(this.#store, [this.#current]);
    if (order.length > maxParts) return false;
    const replaced = new Map<ExprId, ExprId>();
    const steps: {
      readonly left: ExprId;
      readonly right: ExprId;
      readonly candidate: Candidate;
      readonly before: ExprId;
    }[] = [];
    const start = this.#current;
    let current = start;
    for (const id of order) {
      const kind = this.#store.kindOf(id);
      if (kind !== 'sum' && kind !== 'product' && kind !== 'call') continue;
      const now = substitute(this.#store, id, replaced);
      if (now === current) continue;
      this.#budget.look();
      const candidate = this.#cheapestPart(now);
      if (candidate === undefined) continue;
      const next = substitute(this.#store, current, new Map([[now, candidate.result]]));
      if (next === current || this.#model.cost(this.#store, next) >= this.#model.cost(this.#store, current)) continue;
      steps.push({ left: now, right: candidate.result, candidate, before: current });
      replaced.set(now, candidate.result);
      replaced.set(id, candidate.result);
      current = next;
    }
    if (steps.length === 0) return false;
    return this.#acceptParts(start, current, steps);
  }

  #cheapestPart(part: ExprId): Candidate | undefined {
    try {
      const { maxNodes, maxTerms, maxBits } = this.#budget;
      const budget = new Budget({
        ...this.#options,
        maxNodes,
        maxTerms: Math.min(maxTerms, 2_000),
        maxBits,
        maxSteps: maxPartSteps,
      });
      const found = this.#cheapest(part, budget);
      this.#budget.step(budget.steps);
      return found;
    } catch (error) {
      if (!isTenstripError(error, 'BudgetExceeded', 'ExponentRange', 'DomainError')) throw error;
      return undefined;
    }
  }

  #acceptParts(
    start: ExprId,
    end: ExprId,
    steps: readonly {
      readonly left: ExprId;
      readonly right: ExprId;
      readonly candidate: Candidate;
      readonly before: ExprId;
    }[],
  ): boolean {
    const store = this.#store;
    const equalities: Certificate[] = [];
    const found = new ConditionSet(store);
    for (const { left, right, candidate } of steps) {
      this.#budget.look();
      const checked = certifyForm(store, { left, right, forms: candidate.forms, budget: this.#budget });
      if ('problem' in checked) return false;
      equalities.push(checked.certificate);
      found.addAll(checked.conditions);
    }
    const hole = store.symbol('#hole');
    const contexts = steps.map(({ left, before }) => substitute(store, before, new Map([[left, hole]])));
    const assumptions = assumedConditions(store, symbolNames(store, [start]));
    const json = new SharedMathJson(
      store,
      [
        start,
        end,
        ...contexts,
        ...steps.flatMap(({ left, right }) => [left, right]),
        ...assumptions.map(({ expression }) => expression),
      ],
      { instead: new Map([[hole, '#hole']]), look: this.#budget.look },
    );
    const write = (id: ExprId) => json.of(id);
    const rewriting: Certificate = {
      ...{ kind: 'rewriting', definitions: json.definitions },
      ...{ start: write(start), end: write(end) },
      rules: steps.map(({ left, right }, at) => ({
        ...{ name: `equality ${at + 1}`, left: write(left), right: write(right), conditions: [] },
      })),
      steps: contexts.map((context, rule) => ({ rule, substitution: {}, context: write(context) })),
      assumptions: assumptions.map((condition) => certified(json, condition)),
      conditions: [],
    };
    if (!checkCertificate(rewriting, { look: this.#budget.look }).accepted) return false;
    this.#certificates.push(rewriting, ...equalities);
    this.#conditions.addAll(found.list());
    this.#current = end;
    this.#cost = this.#model.cost(store, end);
    return true;
  }
}
