// Products, powers and greatest common divisors beside FLINT, PARI, Singular and SymPy: CPU time of the same operations on the same
// polynomials, both sides from and to their own representation. Results are compared coefficient by coefficient first.
import { gcd, Polynomial } from '@tenstrip/symbolic-reducer';
import { absenceOf, startPeer } from './peers/peers.mjs';

/** From lines of a coefficient and exponents. */
const sumOf = (lines) =>
  Polynomial.fromTerms(
    lines[0].length - 1,
    lines.map(([coefficient, ...exponents]) => ({ exponents, coefficient: BigInt(coefficient) })),
  );
const one = (variables) => Polynomial.constant(variables, 1n);

/** The two bases of the sparse products: 1+x+y+2z^2+3t^3+5u^5 and 1+u+t+2z^2+3y^3+5x^5. */
const sparse = (exponent) => [
  sumOf([
    [1, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, 0, 0],
    [1, 0, 1, 0, 0, 0],
    [2, 0, 0, 2, 0, 0],
    [3, 0, 0, 0, 3, 0],
    [5, 0, 0, 0, 0, 5],
  ]).power(exponent),
  sumOf([
    [1, 0, 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 1],
    [1, 0, 0, 0, 1, 0],
    [2, 0, 0, 2, 0, 0],
    [3, 0, 3, 0, 0, 0],
    [5, 5, 0, 0, 0, 0],
  ]).power(exponent),
];
/** The dense products of R. Fateman: (1+x+y+z+t)^n and that plus 1. */
const fateman = (exponent) => {
  const sum = [0, 1, 2, 3].reduce((total, variable) => total.add(Polynomial.variable(4, variable)), one(4));
  const power = sum.power(exponent);
  return [power, power.add(one(4))];
};
const linear = () => [0, 1, 2].reduce((total, variable) => total.add(Polynomial.variable(3, variable)), one(3));

/** A random polynomial of a fixed sequence (the minimal standard generator of Park and Miller). */
function randomPolynomials(seed) {
  let state = seed;
  const next = (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  return (variables, terms, degree, size) =>
    Polynomial.fromTerms(
      variables,
      Array.from({ length: terms }, () => ({
        exponents: Array.from({ length: variables }, () => next(degree + 1)),
        coefficient: BigInt(next(2 * size + 1) - size),
      })),
    );
}
/** Two products with a factor in common. */
const withCommonFactor = (seed, variables, terms, degree, size, exponent = 1) => {
  const random = randomPolynomials(seed);
  const [a, b, common] = [0, 1, 2].map(() => random(variables, terms, degree, size).power(exponent));
  return [a.multiply(common), b.multiply(common)];
};

const operations = {
  multiply: ([a, b]) => a.multiply(b),
  power: ([a], exponent) => a.power(exponent),
  gcd: ([a, b]) => gcd(a, b),
};

/** One comparison: the operation `times` times in each run, so that a run takes some milliseconds at least. */
function comparison(workload, size, peer, { operation, factors, exponent = 0, times, target }) {
  return {
    workload: `${workload}, beside ${peer}`,
    size,
    metric: 'cpu',
    ...(target === undefined ? {} : { target }),
    async prepare() {
      const inputs = factors();
      let last;
      const ours = {
        run: () => {
          for (let time = 0; time < times; time++) last = operations[operation](inputs, exponent);
          return last;
        },
      };
      const absent = absenceOf(peer);
      if (absent !== undefined) return { ours, peer: { name: peer, absent } };
      const [a, b] = inputs;
      const started = await startPeer(peer, { operation, a, b, exponent, times });
      return {
        ours,
        peer: started,
        async check(result) {
          const theirs = await started.result();
          const same = result.equals(theirs) || (operation === 'gcd' && result.equals(theirs.negate()));
          if (!same) throw new Error(`${peer} has another result: ${theirs.termCount} terms, ours ${result.termCount}`);
          return `all ${result.termCount.toLocaleString('en')} coefficients are equal`;
        },
        dispose: () => started.stop(),
      };
    },
  };
}

const slower = ['Singular', 'PARI', 'SymPy'];
const sparse6 = { operation: 'multiply', factors: () => sparse(6) };
const sparse10 = { operation: 'multiply', factors: () => sparse(10), times: 1 };
const fateman10 = { operation: 'multiply', factors: () => fateman(10) };
const expand = { operation: 'power', factors: () => [linear()], exponent: 20 };
const gcds = [
  ['in one variable, degree 60', 'coefficients below 1,000', () => withCommonFactor(1, 1, 20, 30, 1_000), 20],
  ['dense, in two variables', '40 terms each', () => withCommonFactor(2, 2, 40, 7, 100), 5],
  ['sparse, in three variables', '5 terms each, degree 4', () => withCommonFactor(3, 3, 5, 4, 100), 20],
  // Nor this.
  ['sparse, in five variables', '6 terms each, degree 8', () => withCommonFactor(4, 5, 6, 8, 1_000), 20, ['FLINT']],
  [
    'of polynomials without common factor',
    '100 terms, in three variables',
    () => {
      const random = randomPolynomials(5);
      return [random(3, 100, 9, 1_000), random(3, 100, 9, 1_000)];
    },
    20,
    // PARI does not end this within a minute.
    ['FLINT'],
  ],
];

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  comparison('sparse product f^6 g^6', '462 x 462 -> 114,000 terms', 'FLINT', {
    ...sparse6,
    times: 5,
    target: { atMost: 1.3 },
  }),
  comparison('sparse product f^10 g^10', '3,003 x 3,003 -> 2,096,600 terms', 'FLINT', {
    ...sparse10,
    target: { atMost: 1.3 },
  }),
  ...slower.map((peer) =>
    comparison('sparse product f^6 g^6', '462 x 462 -> 114,000 terms', peer, {
      ...sparse6,
      times: 10,
      target: { atMost: 0.2 },
    }),
  ),
  comparison('dense product, Fateman 10', '1,001 x 1,001 -> 10,626 terms', 'FLINT', { ...fateman10, times: 20 }),
  ...slower.map((peer) =>
    comparison('dense product, Fateman 10', '1,001 x 1,001 -> 10,626 terms', peer, { ...fateman10, times: 10 }),
  ),
  comparison('dense product, Fateman 20', '10,626 x 10,626 -> 135,751 terms', 'FLINT', {
    operation: 'multiply',
    factors: () => fateman(20),
    times: 1,
  }),
  ...['FLINT', ...slower].map((peer) =>
    comparison('expansion of (x+y+z+1)^20', '1,771 terms', peer, { ...expand, times: peer === 'SymPy' ? 2 : 20 }),
  ),
  ...gcds.flatMap(([what, size, factors, times, peers = ['FLINT', 'PARI']]) =>
    peers.map((peer) => comparison(`gcd ${what}`, size, peer, { operation: 'gcd', factors, times })),
  ),
];
