// Questions to the order of the Gene Ontology, or of a seeded graph of its shape where Debian's r-bioc-go.db is not installed
// (see gene-ontology.mjs). Building what is above each term is not counted: it is done once.
import { Order } from '@tenstrip/semantic-lattice';
import { seededRandom } from '@tenstrip/shared-core/determinism';
import { geneOntology, parents } from './gene-ontology.mjs';

const questions = 2_000_000;

/** 43,559 terms with one to three parents, most of them near the root. */
function seededGraph() {
  const random = seededRandom('gene ontology');
  const name = (n) => `T:${String(n).padStart(7, '0')}`;
  const pairs = [];
  for (let term = 1; term < 43_559; term += 1) {
    const parents = new Set();
    for (let n = random.integer(1, 3); n > 0; n -= 1) parents.add(Math.floor(term * random.float() ** 2));
    for (const parent of parents) pairs.push([name(term), name(parent)]);
  }
  return pairs;
}

function prepared() {
  const { path } = geneOntology();
  const isReal = path !== undefined;
  const pairs = isReal ? parents(path) : seededGraph();
  const order = Order.of(pairs);
  const terms = [...new Set(pairs.flat())];
  let above = 0;
  for (const term of terms) above += order.ancestors(term).length;
  return {
    order,
    terms,
    checked: `${isReal ? 'Gene Ontology' : 'seeded graph'}: ${terms.length} terms, ${above} pairs`,
  };
}

/** Questions a second of CPU, in millions: the best of some passes after a warm one, which is what a quiet machine does. */
function rate(count, pass) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round += 1) {
    const before = process.cpuUsage();
    pass();
    const { user, system } = process.cpuUsage(before);
    if (round > 0) best = Math.min(best, (user + system) / 1000);
  }
  return count / best / 1000;
}

/** Random pairs, and as many of a term with one above it: most random pairs are unrelated. */
function drawn(order, terms) {
  const random = seededRandom('pairs');
  const low = [];
  const high = [];
  for (let n = 0; n < questions; n += 1) {
    const term = terms[random.integer(0, terms.length - 1)];
    const above = n % 2 === 0 ? order.covers(term) : [];
    low.push(term);
    high.push(above[0] ?? terms[random.integer(0, terms.length - 1)]);
  }
  return { low, high };
}

/** What both ways of asking must answer: by a search through the pairs, on a sample. */
function requireAnswers(order, { low, high }) {
  for (let n = 0; n < 2000; n += 1) {
    const expected = low[n] === high[n] || order.ancestors(low[n]).includes(high[n]);
    if (order.leq(low[n], high[n]) !== expected) throw new Error(`leq(${low[n]}, ${high[n]}) is wrong`);
    if (order.leqElements(order.element(low[n]), order.element(high[n])) !== expected)
      throw new Error('the elements differ');
  }
}

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  {
    workload: 'orders: leq of elements',
    size: '2,000,000 pairs, half of them related',
    unit: 'M/s',
    target: { atLeast: 5 },
    measure() {
      const { order, terms, checked } = prepared();
      const pairs = drawn(order, terms);
      requireAnswers(order, pairs);
      const low = Int32Array.from(pairs.low, (term) => order.element(term));
      const high = Int32Array.from(pairs.high, (term) => order.element(term));
      let related = 0;
      const value = rate(questions, () => {
        related = 0;
        for (let n = 0; n < questions; n += 1) related += Number(order.leqElements(low[n], high[n]));
      });
      return { value, checked: `${checked}; ${related} related` };
    },
  },
  {
    workload: 'orders: leq of terms',
    size: '2,000,000 pairs, half of them related',
    unit: 'M/s',
    measure() {
      const { order, terms, checked } = prepared();
      const { low, high } = drawn(order, terms);
      requireAnswers(order, { low, high });
      let related = 0;
      const value = rate(questions, () => {
        related = 0;
        for (let n = 0; n < questions; n += 1) related += Number(order.leq(low[n], high[n]));
      });
      return { value, checked: `${checked}; ${related} related` };
    },
  },
  {
    workload: 'orders: minimal upper bounds of two terms',
    size: '200,000 pairs',
    unit: 'M/s',
    measure() {
      const { order, terms, checked } = prepared();
      const { low, high } = drawn(order, terms);
      const value = rate(200_000, () => {
        for (let n = 0; n < 200_000; n += 1) order.joins(low[n], high[n]);
      });
      return { value, checked };
    },
  },
];
