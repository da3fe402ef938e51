export { Polynomial, type PolynomialTerm, type PseudoDivision } from './polynomial.js';
