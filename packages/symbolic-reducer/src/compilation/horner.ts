// Sums as nested products, greedily (Ceberio and Kreinovich, "Greedy algorithms for optimizing multivariate Horner schemes", 2004): the
// factor that most terms share is taken out first. Each scheme is a polynomial identity in its factors, and is proved as one.

import type { Certificate } from '../certificate/index.js';
import { build, type ExpressionStore, type ExprId, postorder, type Term } from '../expression/index.js';
import { isInteger } from '../numbers/index.js';
import { checkedEqualityCertificate } from '../proof/index.js';
import { operationCount } from '../reduction/index.js';

/** A change of a model's expression with its proof. */
export interface ProvedChange {
  /** By what: `horner`. */
  readonly change: 'horner';
  /** A polynomial identity in letters that stand for the factors. */
  readonly certificate: Certificate;
}

/** Terms of a sum that is nested. */
const maxHornerTerms = 400;

/** Puts every sum below the roots into a nested form where that is cheaper and its proof is accepted. */
export function hornerForms(
  store: ExpressionStore,
  roots: readonly ExprId[],
): { readonly results: ExprId[]; readonly changes: ProvedChange[] } {
  const made = new Map<ExprId, ExprId>();
  const changes: ProvedChange[] = [];
  for (const id of postorder(store, roots)) {
    const rebuilt = build(
      store,
      id,
      store.childrenOf(id).map((child) => made.get(child)!),
    );
    const nested = store.kindOf(rebuilt) === 'sum' ? nestedSum(store, rebuilt, changes) : undefined;
    made.set(id, nested ?? rebuilt);
  }
  return { results: roots.map((root) => made.get(root)!), changes };
}

function nestedSum(store: ExpressionStore, sum: ExprId, changes: ProvedChange[]): ExprId | undefined {
  const terms = store.termsOf(sum);
  if (terms.length < 2 || terms.length > maxHornerTerms) return undefined;
  const nested = horner(store, terms);
  if (nested === sum || operationCount.cost(store, nested) >= operationCount.cost(store, sum)) return undefined;
  // The identity does not depend on what the factors are: it is proved for letters.
  const letters = new Map<ExprId, ExprId>();
  for (const { term } of terms) {
    for (const { base, exponent } of store.factorsOf(term)) {
      const factor = isWhole(store, exponent) ? base : store.power(base, exponent);
      if (factor !== store.one && !letters.has(factor)) letters.set(factor, store.symbol(`v${letters.size}`));
    }
  }
  const plain = terms.map(({ term, coefficient }) => ({ term: inLetters(store, term, letters), coefficient }));
  const [left, right] = [store.linearCombination(plain), horner(store, plain)];
  const checked = checkedEqualityCertificate(store, { left, right, conditions: [], steps: [] });
  if ('problem' in checked) return undefined;
  changes.push({ change: 'horner', certificate: checked.certificate });
  return backFromLetters(store, right, letters);
}

function inLetters(store: ExpressionStore, term: ExprId, letters: ReadonlyMap<ExprId, ExprId>): ExprId {
  if (term === store.one) return term;
  return store.product(
    store
      .factorsOf(term)
      .map(({ base, exponent }) =>
        isWhole(store, exponent)
          ? store.power(letters.get(base)!, exponent)
          : letters.get(store.power(base, exponent))!,
      ),
  );
}

/** The proved scheme, with the factors in place of the letters: built as it is, not multiplied out. */
function backFromLetters(store: ExpressionStore, scheme: ExprId, letters: ReadonlyMap<ExprId, ExprId>): ExprId {
  const factors = new Map([...letters].map(([factor, letter]) => [letter, factor]));
  const made = new Map<ExprId, ExprId>();
  for (const id of postorder(store, [scheme])) {
    made.set(
      id,
      factors.get(id) ??
        build(
          store,
          id,
          store.childrenOf(id).map((child) => made.get(child)!),
        ),
    );
  }
  return made.get(scheme)!;
}

function isWhole(store: ExpressionStore, exponent: ExprId): boolean {
  const value = store.valueOf(exponent);
  return value !== undefined && isInteger(value);
}

/** Positive whole exponents of the bases of a term. */
function exponentsOf(store: ExpressionStore, term: ExprId): Map<ExprId, number> {
  const result = new Map<ExprId, number>();
  if (term === store.one) return result;
  for (const { base, exponent } of store.factorsOf(term)) {
    const value = store.valueOf(exponent);
    if (typeof value === 'number' && value > 0) result.set(base, (result.get(base) ?? 0) + value);
  }
  return result;
}

function horner(store: ExpressionStore, terms: readonly Term[]): ExprId {
  const counts = new Map<ExprId, number>();
  const exponents = terms.map(({ term }) => exponentsOf(store, term));
  for (const of of exponents) for (const base of of.keys()) counts.set(base, (counts.get(base) ?? 0) + 1);
  let best: ExprId | undefined;
  for (const [base, count] of counts) {
    if (count < 2) continue;
    const most = best === undefined ? 0 : counts.get(best)!;
    if (count > most || (count === most && store.compare(base, best!) < 0)) best = base;
  }
  if (best === undefined) return store.linearCombination(terms);
  const factor = best;
  const inside = terms.filter((_, at) => exponents[at]!.has(factor));
  const outside = terms.filter((_, at) => !exponents[at]!.has(factor));
  const lowest = Math.min(...exponents.filter((of) => of.has(factor)).map((of) => of.get(factor)!));
  const divided = inside.map(({ term, coefficient }) => ({ term: lowered(store, term, factor, lowest), coefficient }));
  const taken = store.product([store.power(factor, store.number(lowest)), horner(store, divided)]);
  return outside.length === 0 ? taken : store.sum([taken, horner(store, outside)]);
}

/** A term over a power of one of its factors. */
function lowered(store: ExpressionStore, term: ExprId, factor: ExprId, by: number): ExprId {
  const factors = store.factorsOf(term).flatMap(({ base, exponent }) => {
    const value = store.valueOf(exponent);
    if (base !== factor || typeof value !== 'number' || value <= 0) return [store.power(base, exponent)];
    return value === by ? [] : [store.power(base, store.number(value - by))];
  });
  return factors.length === 0 ? store.one : store.product(factors);
}
