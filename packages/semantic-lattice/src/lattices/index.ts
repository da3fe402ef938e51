export { type FiniteLatticeOptions, finiteLattice } from './finite-lattice.js';
export { type FlatValue, flatConstant } from './flat-constant.js';
export { type Interval, interval } from './interval.js';
export type { Lattice } from './lattice.js';
export { checkLaws, type LawOptions, type LawViolation } from './lattice-laws.js';
export { maxInteger, minInteger } from './min-max.js';
export { type NameSet, powerSet, setOf } from './power-set.js';
export { type ProductValue, product } from './product.js';
