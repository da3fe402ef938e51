// Square-free decomposition by Yun's algorithm in one variable after the other ("On square-free decomposition algorithms", 1976):
// a polynomial over the integers is its content times powers of factors without squares, coprime to each other.

import { Budget } from '../budget/index.js';
import { gcdWithCofactors, splitContent, splitMonomial } from './gcd.js';
import { Polynomial, requirePolynomial } from './polynomial.js';

/** `content` times the product of all `factor^multiplicity`. */
export interface SquareFreeDecomposition {
  /** A whole number, with the sign. */
  readonly content: bigint;
  /** Not constant, primitive, without squares, coprime, with positive leading coefficients; by rising multiplicity, one factor each. */
  readonly factors: readonly { readonly factor: Polynomial; readonly multiplicity: number }[];
}

/**
 * The square-free decomposition over the integers; of the polynomial 0 the content 0 and no factor.
 *
 * @throws TenstripError `BudgetExceeded`; what the operation throws when it was stopped
 */
export function squareFree(polynomial: Polynomial, budget = new Budget()): SquareFreeDecomposition {
  requirePolynomial(polynomial);
  if (polynomial.isZero) return { content: 0n, factors: [] };
  // Variables that divide it are known factors. Left in, they would be found by as many rounds as their exponents say.
  const { content, exponents, primitive: withoutVariables } = splitMonomial(polynomial, budget);
  const byMultiplicity = new Map<number, Polynomial>();
  for (const [variable, exponent] of exponents.entries())
    if (exponent > 0) collect(byMultiplicity, exponent, Polynomial.variable(polynomial.variables, variable), budget);
  let rest = withoutVariables;
  for (let variable = 0; variable < polynomial.variables; variable++) {
    if (rest.isConstant) break;
    if (rest.degree(variable) === 0) continue;
    const [without, primitive] = splitContent(rest, variable, budget);
    decompose(primitive, variable, byMultiplicity, budget);
    rest = without;
  }
  const factors = [...byMultiplicity]
    .map(([multiplicity, factor]) => ({ factor: factor.primitivePart(budget), multiplicity }))
    .sort((a, b) => a.multiplicity - b.multiplicity);
  return { content, factors };
}

/** Of a polynomial in which every factor has the variable. */
function decompose(
  polynomial: Polynomial,
  variable: number,
  byMultiplicity: Map<number, Polynomial>,
  budget: Budget,
): void {
  const derivative = polynomial.derivative(variable);
  let { left: product, right: rest } = gcdWithCofactors(polynomial, derivative, budget);
  for (let multiplicity = 1; !product.isConstant; multiplicity++) {
    const next = rest.subtract(product.derivative(variable), budget);
    const { gcd: factor, left, right } = gcdWithCofactors(product, next, budget);
    if (!factor.isConstant) collect(byMultiplicity, multiplicity, factor, budget);
    product = left;
    rest = right;
  }
}

function collect(
  byMultiplicity: Map<number, Polynomial>,
  multiplicity: number,
  factor: Polynomial,
  budget: Budget,
): void {
  const other = byMultiplicity.get(multiplicity);
  byMultiplicity.set(multiplicity, other === undefined ? factor : other.multiply(factor, budget));
}
