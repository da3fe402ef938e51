// The normal form of a whole expression: arguments of functions first, then what they are part of, each as a fraction of polynomials
// in lowest terms over its kernels (Moses, "Algebraic simplification: a guide for the perplexed", 1971).

import { Budget, keepShape } from '../budget/index.js';
import type { IdentityName } from '../certificate/index.js';
import {
  build,
  ConditionSet,
  ExpressionStore,
  type ExprId,
  type FunctionName,
  kindCode,
  negativeSign,
  positiveSign,
  postorder,
} from '../expression/index.js';
import { absolute, isInteger, rational, signOf } from '../numbers/index.js';
import type { Fraction } from './fraction.js';
import { IdentityTrace } from './identity-trace.js';
import { KernelSpace } from './kernel-space.js';
import { type PredictedSize, requireSize, SizePrediction } from './predicted-size.js';

/** Normal forms of the expressions of one question, with the conditions and identities that they used. */
export class NormalForms {
  /** What the forms assume. */
  readonly conditions: ConditionSet;
  /** The identities that lead to them. */
  readonly trace: IdentityTrace;
  /** How large the first forms that were asked for were predicted to be; `undefined` when they are small. */
  predicted: PredictedSize | undefined;
  readonly #store: ExpressionStore;
  readonly #budget: Budget;
  readonly #prepared = new Map<ExprId, ExprId>();
  readonly #arguments = new Map<ExprId, ExprId>();

  constructor(store: ExpressionStore, budget: Budget) {
    this.#store = store;
    this.#budget = budget;
    this.conditions = new ConditionSet(store);
    this.trace = new IdentityTrace(store);
  }

  /** The expression with the arguments of its functions, and the bases of its roots, in normal form. */
  prepared(root: ExprId): ExprId {
    const store = this.#store;
    if (this.#isPrepared(root)) return root;
    for (const id of postorder(store, [root])) {
      if (this.#prepared.has(id)) continue;
      this.#budget.step();
      this.#budget.turn();
      this.#prepared.set(id, this.#prepareNode(id));
    }
    return this.#prepared.get(root)!;
  }

  /** Whether there is neither a function nor a broken power in it, and nothing that is assumed would let a builder do more. */
  #isPrepared(root: ExprId): boolean {
    const store = this.#store;
    if (!store.assumesNothing) return false;
    const seen = new Set<ExprId>();
    const stack = [root];
    while (stack.length > 0) {
      const id = stack.pop()!;
      if (seen.has(id)) continue;
      seen.add(id);
      const kind = store.kindCodeOf(id);
      if (kind === kindCode.call) return false;
      const count = store.childCount(id);
      for (let at = 0; at < count; at += 2) {
        const times = store.child(id, at + 1);
        seen.add(times);
        if (kind === kindCode.product && !isInteger(store.valueOf(times) ?? oneHalf)) return false;
        stack.push(store.child(id, at));
      }
    }
    this.#budget.step(seen.size);
    return true;
  }

  #prepareNode(id: ExprId): ExprId {
    const store = this.#store;
    const children = store.childrenOf(id).map((child) => this.#prepared.get(child)!);
    if (store.kindOf(id) === 'call')
      return this.#prepareCall(
        id,
        children.map((child) => this.#argument(child)),
      );
    if (store.kindOf(id) === 'product') {
      for (let at = 0; at < children.length; at += 2) {
        const exponent = store.valueOf(children[at + 1]!);
        if (exponent !== undefined && isInteger(exponent)) continue;
        children[at] = this.#argument(children[at]!);
        if (exponent === undefined) children[at + 1] = this.#argument(children[at + 1]!);
        else {
          this.trace.root(children[at]!, exponent);
          this.trace.rootOfSquare(children[at]!, children[at + 1]!);
        }
      }
    }
    return build(store, id, children);
  }

  /** Tells the trace what the builder does with a call whose argument is in normal form. */
  #prepareCall(id: ExprId, operands: readonly ExprId[]): ExprId {
    const store = this.#store;
    const name = store.functionOf(id)!;
    const [argument] = operands as [ExprId];
    if (argument === store.zero && name === 'sin') this.trace.add('sine-of-zero');
    if (argument === store.zero && name === 'cos') this.trace.add('cosine-of-zero');
    if (argument === store.zero && name === 'exp') this.trace.add('exponential-of-zero');
    if (argument === store.one && name === 'log') this.trace.add('logarithm-of-one');
    if (argument === store.one && name === 'acos') this.trace.add('arccosine-of-one');
    if (name === 'abs' || name === 'sign') this.#traceMagnitude(name, argument);
    const call = store.call(name, operands);
    if (call === argument && name === 'floor') this.trace.add('floor-of-integer', argument);
    if (call === argument && name === 'ceil') this.trace.add('ceiling-of-integer', argument);
    const [{ term }] = store.termsOf(call).length === 1 ? store.termsOf(call) : [{ term: call }];
    if (store.functionOf(term) === name && store.child(term, 0) !== argument) {
      this.#traceOpposite(name, argument, store.child(term, 0));
    }
    return call;
  }

  /** |u| and sign(u), where the sign of u is known or there is a number to take out. */
  #traceMagnitude(name: 'abs' | 'sign', argument: ExprId): void {
    const store = this.#store;
    const terms = store.termsOf(argument);
    const isNegated =
      (store.signs(argument) & positiveSign) === 0 || (terms.length === 1 && signOf(terms[0]!.coefficient) < 0);
    const u = isNegated ? store.negate(argument) : argument;
    if (isNegated) this.trace.add(name === 'abs' ? 'absolute-of-opposite' : 'sign-of-opposite', u);
    if (name === 'abs' && (store.signs(u) & negativeSign) === 0) this.trace.add('absolute-of-nonnegative', u);
    else if (name === 'sign' && store.signs(u) === positiveSign) this.trace.add('sign-of-positive', u);
    else if (terms.length === 1) {
      const { term, coefficient } = terms[0]!;
      const size = absolute(coefficient);
      const identity = name === 'abs' ? 'absolute-of-product' : 'sign-of-product';
      if (size !== 1) this.trace.add(identity, store.number(size), term);
    }
  }

  /** f(-u), which the builder wrote as f(u) or -f(u). */
  #traceOpposite(name: FunctionName, argument: ExprId, u: ExprId): void {
    if (this.#store.negate(argument) !== u) return;
    const definition = definitions[name];
    if (definition !== undefined) this.trace.add(definition, argument);
    for (const identity of opposites[name] ?? []) this.trace.add(identity, u);
  }

  #argument(id: ExprId): ExprId {
    if (this.#isSimple(id)) return id;
    let known = this.#arguments.get(id);
    if (known === undefined) {
      const { space, fractions } = this.#over([id]);
      known = space.expressionOf(space.lowest(fractions[0]!));
      this.#arguments.set(id, known);
    }
    return known;
  }

  /** Sums of multiples of symbols and calls are normal already. */
  #isSimple(id: ExprId): boolean {
    const kind = this.#store.kindOf(id);
    if (kind === 'number' || kind === 'symbol' || kind === 'pi') return true;
    if (kind !== 'sum') return false;
    return this.#store
      .termsOf(id)
      .every(
        ({ term }) => this.#store.kindOf(term) === 'symbol' || term === this.#store.one || term === this.#store.pi,
      );
  }

  #over(prepared: readonly ExprId[]): { space: KernelSpace; fractions: Fraction[] } {
    const { conditions, trace } = this;
    const space = new KernelSpace(this.#store, prepared, { budget: this.#budget, trace, conditions });
    const fractions = prepared.map((id) => space.fractionOf(id));
    space.traceReplacements();
    return { space, fractions };
  }

  /**
   * Expressions as fractions over the same kernels, not in lowest terms.
   *
   * @throws TenstripError `BudgetExceeded` before anything is made, when what it would be is predicted to be too large
   */
  fractions(roots: readonly ExprId[]): { space: KernelSpace; fractions: Fraction[] } {
    this.predicted ??= new SizePrediction(this.#store).of(roots);
    requireSize(this.predicted, this.#budget);
    return this.#over(roots.map((root) => this.prepared(root)));
  }

  /** The normal form as an expression. */
  expression(root: ExprId): ExprId {
    const { space, fractions } = this.fractions([root]);
    return space.expressionOf(space.lowest(fractions[0]!));
  }

  /** Whether a difference is 0 for all values for which both are defined and the conditions hold. */
  areEqual(left: ExprId, right: ExprId): boolean {
    const { space, fractions } = this.fractions([left, right]);
    const [a, b] = fractions as [Fraction, Fraction];
    const difference = space.field.subtract(space.lowest(a), space.lowest(b));
    return space.isZero(difference);
  }
}

const oneHalf = rational(1n, 2n);

/** What a function is made of, for those whose opposite is found through that. */
const definitions: Partial<Record<FunctionName, IdentityName>> = {
  ...{ tan: 'tangent', sinh: 'hyperbolic-sine', cosh: 'hyperbolic-cosine', tanh: 'hyperbolic-tangent' },
};

const opposites: Partial<Record<FunctionName, readonly IdentityName[]>> = {
  ...{ sin: ['sine-of-opposite'], cos: ['cosine-of-opposite'], tan: ['sine-of-opposite', 'cosine-of-opposite'] },
  ...{ sinh: ['exponential-of-opposite'], cosh: ['exponential-of-opposite'], tanh: ['exponential-of-opposite'] },
  ...{ abs: ['absolute-of-opposite'], asin: ['arcsine-of-opposite'], atan: ['arctangent-of-opposite'] },
  ...{ sign: ['sign-of-opposite'] },
};

const example = new ExpressionStore();
const exampleForms = new NormalForms(example, new Budget());
keepShape(exampleForms);
keepShape(exampleForms.fractions([example.one]).space);
