export {
  certifyGcd,
  certifyQuotient,
  certifySquareFree,
  polynomialToMathJson,
} from './certify.js';
export { bitLengthOf, coefficientAt } from './coefficients.js';
export { type GcdWithCofactors, gcd, gcdByEuclid, gcdWithCofactors } from './gcd.js';
export { Packing } from './packing.js';
export { gcdOf, maximumVariables, Polynomial, type PolynomialTerm, type PseudoDivision } from './polynomial.js';
export { type SquareFreeDecomposition, squareFree } from './square-free.js';
