export {
  certifyGcd,
  certifyQuotient,
  certifySquareFree,
  polynomialToMathJson,
} from './certify.js';
export { bitLengthOf } from './coefficients.js';
export { type GcdWithCofactors, gcd, gcdByEuclid, gcdWithCofactors } from './gcd.js';
export { gcdOf, Polynomial, type PolynomialTerm, type PseudoDivision } from './polynomial.js';
export { type SquareFreeDecomposition, squareFree } from './square-free.js';
