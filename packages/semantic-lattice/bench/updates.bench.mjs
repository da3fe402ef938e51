// One edge more or less on the Gene Ontology's closure, through the whole engine with a subscriber. After each change all pairs are
// recomputed by a search from every node, and compared with those that the engine's changes add up to; at the end with its own.
import { createEngine, rel } from '@tenstrip/semantic-lattice';
import { seededRandom } from '@tenstrip/shared-core';
import { geneOntology, parents } from './gene-ontology.mjs';

/** Edges that are put in, taken out and put in again before anything is counted: a service has changed more within its first second. */
const WARM_UP = 1000;
const RULES = 'reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), edge(Y, Z).';

/** All pairs by breadth-first search, as numbers `from * size + to`. */
function closureOf(size, edges) {
  const starts = new Int32Array(size + 1);
  for (const [from] of edges) starts[from + 1]++;
  for (let node = 0; node < size; node++) starts[node + 1] += starts[node];
  const targets = new Int32Array(edges.length);
  const fill = starts.slice();
  for (const [from, to] of edges) targets[fill[from]++] = to;
  const seen = new Int32Array(size).fill(-1);
  const queue = new Int32Array(size);
  const pairs = [];
  for (let source = 0; source < size; source++) {
    let length = 0;
    const visit = (node) => {
      for (let at = starts[node]; at < starts[node + 1]; at++) {
        if (seen[targets[at]] === source) continue;
        seen[targets[at]] = source;
        queue[length++] = targets[at];
      }
    };
    visit(source);
    for (let at = 0; at < length; at++) visit(queue[at]);
    for (let at = 0; at < length; at++) pairs.push(source * size + queue[at]);
  }
  return pairs;
}

function requireSame(held, expected, when) {
  if (held.size !== expected.length) throw new Error(`${held.size} pairs ${when}, not ${expected.length}`);
  for (const pair of expected) if (!held.has(pair)) throw new Error(`a pair is missing ${when}`);
}

let measured;

/** CPU milliseconds of each change, smallest first; what each changed is kept, and held against a recomputation afterwards. */
async function measure(quick) {
  const all = parents(geneOntology().path);
  const engine = createEngine({ relations: { edge: rel('term', 'term'), reach: rel('term', 'term') } });
  engine.addRules(RULES);
  const heard = [];
  engine.subscribe('reach', (change) => heard.push(change));
  await engine.transact((tx) => tx.insertAll('edge', all));
  const timed = async (build) => {
    const before = process.cpuUsage();
    await engine.transact(build);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  // The first change makes the indexes that only changes need; it is shown apart.
  const first = await timed((tx) => tx.retract('edge', ...all[0]));
  // More that are not counted, so that what is measured has been compiled.
  for (const edge of all.slice(0, WARM_UP)) {
    await timed((tx) => tx.insert('edge', ...edge));
    await timed((tx) => tx.retract('edge', ...edge));
    await timed((tx) => tx.insert('edge', ...edge));
  }
  const schedule = changesOf(all, quick ? 100 : 500);
  const times = [];
  const until = [];
  for (const { insert, edge } of schedule) {
    times.push(await timed((tx) => (insert ? tx.insert('edge', ...edge) : tx.retract('edge', ...edge))));
    until.push(heard.length);
  }
  verify(engine, all, schedule, heard, until);
  times.sort((a, b) => a - b);
  const checked = `all pairs equal a recomputation after each of ${schedule.length} changes; the first change took ${first.toFixed(0)} ms`;
  return { times, checked };
}

/** Retractions of random edges, and insertions of some that were retracted. */
function changesOf(all, count) {
  const source = seededRandom('changes of the Gene Ontology');
  const present = new Set(all);
  const removed = [];
  return Array.from({ length: count }, () => {
    if (removed.length > 0 && source.integer(0, 1) === 1) {
      const edge = removed.splice(source.integer(0, removed.length - 1), 1)[0];
      present.add(edge);
      return { insert: true, edge };
    }
    let edge = all[source.integer(0, all.length - 1)];
    while (!present.has(edge)) edge = all[source.integer(0, all.length - 1)];
    present.delete(edge);
    removed.push(edge);
    return { insert: false, edge };
  });
}

/** Adds up what the subscriber heard, and compares it with all pairs after each change, and at the end with the engine's own. */
function verify(engine, all, schedule, heard, until) {
  const numbers = new Map();
  const numberOf = (term) => numbers.get(term) ?? numbers.set(term, numbers.size).get(term);
  const edges = new Map(all.map((edge) => [edge, edge.map(numberOf)]));
  const size = numbers.size;
  const held = new Set();
  let at = 0;
  const hear = (end) => {
    for (; at < end; at++) {
      for (const [from, to] of heard[at].added) held.add(numberOf(from) * size + numberOf(to));
      for (const [from, to] of heard[at].removed) held.delete(numberOf(from) * size + numberOf(to));
    }
  };
  for (const [index, { insert, edge }] of schedule.entries()) {
    if (insert) edges.set(edge, edge.map(numberOf));
    else edges.delete(edge);
    hear(until[index]);
    requireSame(held, closureOf(size, [...edges.values()]), `after ${index + 1} changes`);
  }
  const own = new Set(Array.from(engine.find('reach'), ([from, to]) => numberOf(from) * size + numberOf(to)));
  requireSame(own, [...held], 'in the engine');
}

function quantile(name, share, atMost) {
  return {
    workload: `one edge in or out of the Gene Ontology's closure, ${name}`,
    size: '791,949 pairs, 500 changes (100 with --quick), after 3,000 that are not counted',
    unit: 'CPU milliseconds',
    target: { atMost },
    async measure({ quick }) {
      measured ??= await measure(quick);
      const { times, checked } = measured;
      return { value: times[Math.min(times.length - 1, Math.floor(times.length * share))], checked };
    },
  };
}

/** A named absence where there is no data. */
const { absent } = geneOntology();
const skipped = {
  workload: "one edge in or out of the Gene Ontology's closure",
  size: '791,949 pairs',
  metric: 'cpu',
  prepare: () => ({ ours: { run: () => 0 }, peer: { name: 'recomputation', absent }, check: () => '' }),
};

export default absent === undefined
  ? [quantile('p50', 0.5, 0.1), quantile('p95', 0.95, 2), quantile('p99', 0.99, 10)]
  : [skipped];
