// Differentiation on the shared graph: each node once, so the work follows the graph's size and not the tree's, and what is derived once is
// known to every later question about the same symbol.

import { Budget, keepShape } from '../budget/index.js';
import { type Certificate, checkCertificate, type DerivativeCertificate } from '../certificate/index.js';
import { invalidOption, reducerError, requireOptions } from '../errors/index.js';
import { ExpressionStore, type ExprId, postorder, requireStore, type Term } from '../expression/index.js';
import { type Rational, signOf, subtract } from '../numbers/index.js';
import { SharedMathJson } from '../syntax/index.js';

/** Options of a differentiation. */
export interface DifferentiateOptions {
  /** How often. Default 1, at most 1,000. */
  readonly times?: number;
  /** What it may take. Default: only the store's own limits. */
  readonly budget?: Budget;
}

/** A derivative with its proof. */
export interface Derivative {
  /** The derivative. */
  readonly result: ExprId;
  /**
   * One for each time. Where functions were joined on the way, as exp(x)*exp(x) is exp(2*x), the checker's rules of derivation may not find the same: see
   * {@link Derivative.proved}.
   */
  readonly certificates: readonly Certificate[];
  /** Whether the checker accepts them all. */
  readonly proved: boolean;
}

/**
 * The derivative by a symbol, in the canonical form of the builders (nothing is expanded or cancelled).
 *
 * @param variable the symbol's name
 * @throws TenstripError `NotDifferentiable` where min, max, sign, floor or ceil depend on the symbol; `BudgetExceeded`; `OptionsInvalid`
 */
export function differentiate(
  store: ExpressionStore,
  expression: ExprId,
  variable: string,
  options: DifferentiateOptions = {},
): ExprId {
  const { times, budget } = checked(options);
  const differentiator = new Differentiator(store, variable, budget);
  let result = expression;
  for (let time = 0; time < times; time++) result = differentiator.of(result);
  return result;
}

/** The derivative as {@link differentiate} gives it, with certificates that the independent checker replays. */
export function differentiateWithProof(
  store: ExpressionStore,
  expression: ExprId,
  variable: string,
  options: DifferentiateOptions = {},
): Derivative {
  const { times, budget } = checked(options);
  const differentiator = new Differentiator(store, variable, budget);
  const certificates: Certificate[] = [];
  let current = expression;
  for (let time = 0; time < times; time++) {
    const result = differentiator.of(current);
    certificates.push(certificateOf(store, current, variable, result));
    current = result;
  }
  const limits = budget === undefined ? {} : { look: budget.look };
  const proved = certificates.every((certificate) => checkCertificate(certificate, limits).accepted);
  return { result: current, certificates, proved };
}

function certificateOf(
  store: ExpressionStore,
  expression: ExprId,
  variable: string,
  result: ExprId,
): DerivativeCertificate {
  const symbol = store.symbol(variable);
  const json = new SharedMathJson(store, [expression, result, symbol]);
  return {
    kind: 'derivative',
    definitions: json.definitions,
    expression: json.of(expression),
    variable: json.of(symbol) as string,
    result: json.of(result),
  };
}

function checked(options: DifferentiateOptions): { readonly times: number; readonly budget: Budget | undefined } {
  requireOptions(options, 'options');
  const { times = 1, budget } = options;
  if (!Number.isInteger(times) || times < 1 || times > 1_000)
    throw invalidOption('times', times, 'a whole number from 1 to 1,000');
  if (budget !== undefined && !(budget instanceof Budget)) throw invalidOption('budget', budget, 'a Budget');
  return { times, budget };
}

/** Derivatives by one symbol, with a memory: gradients and higher derivatives share their parts. */
export class Differentiator {
  readonly #store: ExpressionStore;
  readonly #variable: ExprId;
  readonly #name: string;
  readonly #budget: Budget | undefined;
  readonly #known = new Map<ExprId, ExprId>();

  constructor(store: ExpressionStore, variable: string, budget?: Budget) {
    requireStore(store);
    this.#store = store;
    this.#name = variable;
    this.#variable = store.symbol(variable);
    this.#budget = budget;
  }

  /** The derivative of an expression. @throws as {@link differentiate} */
  of(expression: ExprId): ExprId {
    const store = this.#store;
    for (const id of postorder(store, [expression])) {
      if (this.#known.has(id)) continue;
      this.#budget?.step();
      this.#known.set(id, this.#node(id));
    }
    return this.#known.get(expression)!;
  }

  #node(id: ExprId): ExprId {
    const store = this.#store;
    switch (store.kindOf(id)) {
      case 'sum':
        return this.#sum(id);
      case 'product':
        return this.#product(id);
      case 'call':
        return this.#call(id);
      default:
        return id === this.#variable ? store.one : store.zero;
    }
  }

  #sum(id: ExprId): ExprId {
    const store = this.#store;
    const parts: Term[] = [];
    const count = store.childCount(id);
    for (let at = 0; at < count; at += 2) {
      const term = this.#known.get(store.child(id, at))!;
      if (term !== store.zero) parts.push({ term, coefficient: store.numberAt(store.child(id, at + 1)) });
    }
    return store.linearCombination(parts);
  }

  /** The sum over factors of their derivatives times all other factors. */
  #product(id: ExprId): ExprId {
    const store = this.#store;
    const count = store.childCount(id);
    const powers: ExprId[] = [];
    for (let at = 0; at < count; at += 2) powers.push(store.power(store.child(id, at), store.child(id, at + 1)));
    if (powers.length === 1) return this.#power(store.child(id, 0), store.child(id, 1), powers[0]!);
    const last = powers.length - 1;
    const after = new Array<ExprId>(powers.length).fill(store.one);
    for (let at = last - 1; at >= 0; at--) after[at] = this.#times(powers[at + 1]!, after[at + 1]!);
    const terms: ExprId[] = [];
    let before: ExprId = store.one;
    for (let at = 0; at <= last; at++) {
      const derivative = this.#power(store.child(id, 2 * at), store.child(id, 2 * at + 1), powers[at]!);
      if (derivative !== store.zero) terms.push(store.product([before, derivative, after[at]!]));
      if (at < last) before = this.#times(before, powers[at]!);
    }
    return store.sum(terms);
  }

  #times(a: ExprId, b: ExprId): ExprId {
    if (a === this.#store.one) return b;
    return b === this.#store.one ? a : this.#store.product([a, b]);
  }

  #power(base: ExprId, exponent: ExprId, power: ExprId): ExprId {
    const store = this.#store;
    const inner = this.#known.get(base)!;
    const times: Rational | undefined = store.valueOf(exponent);
    if (times !== undefined) {
      if (inner === store.zero || signOf(times) === 0) return store.zero;
      if (exponent === store.one) return inner;
      const lower = store.power(base, store.number(subtract(times, 1)));
      return store.product([exponent, lower, inner]);
    }
    const outer = this.#known.get(exponent)!;
    if (inner === store.zero && outer === store.zero) return store.zero;
    // (u^v)' = v u' u^(v - 1) + v' log(u) u^v; the first where v is constant, without a logarithm
    const terms: ExprId[] = [];
    if (outer !== store.zero) terms.push(store.product([outer, store.call('log', [base]), power]));
    if (inner !== store.zero) terms.push(store.product([exponent, inner, power, store.power(base, store.minusOne)]));
    return store.sum(terms);
  }

  #call(id: ExprId): ExprId {
    const store = this.#store;
    const argument = store.child(id, 0);
    const inner = this.#known.get(argument)!;
    let isConstant = true;
    for (let at = store.childCount(id) - 1; at >= 0; at--) {
      if (this.#known.get(store.child(id, at)) !== store.zero) isConstant = false;
    }
    if (isConstant) return store.zero;
    return store.product([this.#outer(id, argument), inner]);
  }

  /** The derivative of a function at its argument. */
  #outer(id: ExprId, u: ExprId): ExprId {
    const store = this.#store;
    const square = (a: ExprId) => store.power(a, store.number(2));
    const rootBelow = () => store.power(store.subtract(store.one, square(u)), store.negate(store.half));
    const name = store.functionOf(id)!;
    switch (name) {
      case 'exp':
        return id;
      case 'log':
        return store.power(u, store.minusOne);
      case 'sin':
        return store.call('cos', [u]);
      case 'cos':
        return store.negate(store.call('sin', [u]));
      case 'tan':
        return store.sum([store.one, square(id)]);
      case 'asin':
        return rootBelow();
      case 'acos':
        return store.negate(rootBelow());
      case 'atan':
        return store.power(store.sum([store.one, square(u)]), store.minusOne);
      case 'sinh':
        return store.call('cosh', [u]);
      case 'cosh':
        return store.call('sinh', [u]);
      case 'tanh':
        return store.subtract(store.one, square(id));
      case 'abs':
        return store.product([u, store.power(id, store.minusOne)]);
      default: {
        const message = `${name} of what depends on ${this.#name} has no derivative at some points, and none by rules`;
        throw reducerError('NotDifferentiable', message, { name });
      }
    }
  }
}

keepShape(new Differentiator(new ExpressionStore(), 'x'));
