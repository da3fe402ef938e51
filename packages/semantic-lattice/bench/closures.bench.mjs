// Transitive closures beside other Datalog systems, all from facts in a file to all pairs; ours with a derivation for every pair.
// The Gene Ontology's closure is published with it, so there the answer itself is checked.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, rel } from '@tenstrip/semantic-lattice';
import { seededRandom } from '@tenstrip/shared-core';
import { ancestors, geneOntology, parents } from './gene-ontology.mjs';
import { clingo, souffle, swipl } from './peers.mjs';

const RULES = 'reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), edge(Y, Z).';

function random(nodes, edges) {
  const source = seededRandom(`graph of ${nodes}`);
  return Array.from({ length: edges }, () => [`n${source.integer(0, nodes - 1)}`, `n${source.integer(0, nodes - 1)}`]);
}

const chain = (length) => Array.from({ length }, (_, at) => [`n${at}`, `n${at + 1}`]);

/** From a file of tab-separated edges to the engine that holds the closure. */
async function close(file, options) {
  const engine = createEngine({ relations: { edge: rel('term', 'term'), reach: rel('term', 'term') }, ...options });
  engine.addRules(RULES);
  const text = readFileSync(file, 'utf8');
  await engine.transact((tx) => {
    for (let from = 0; from < text.length; ) {
      const tab = text.indexOf('\t', from);
      const end = text.indexOf('\n', tab);
      tx.insert('edge', text.slice(from, tab), text.slice(tab + 1, end));
      from = end + 1;
    }
  });
  return engine;
}

function pairsOf(engine) {
  const pairs = new Set();
  for (const [from, to] of engine.find('reach')) pairs.add(`${from} ${to}`);
  return pairs;
}

function requireSame(ours, theirs, whose) {
  if (ours.size !== theirs.size) throw new Error(`${ours.size} pairs, and ${theirs.size} by ${whose}`);
  for (const pair of theirs) if (!ours.has(pair)) throw new Error(`${pair} is missing, which ${whose} has`);
  return `the same ${ours.size.toLocaleString('en')} pairs by ${whose}`;
}

const graphs = {
  'Gene Ontology': {
    size: '85,716 edges to 791,949 pairs',
    edges: (quick) => (quick ? parents(geneOntology().path).slice(0, 65_000) : parents(geneOntology().path)),
    published: (quick) => (quick ? undefined : new Set(ancestors(geneOntology().path).map((pair) => pair.join(' ')))),
    absent: geneOntology().absent,
  },
  'random graph': {
    size: '3,000 nodes, 4,500 edges (1,000 and 1,500 with --quick)',
    edges: (quick) => (quick ? random(1_000, 1_500) : random(3_000, 4_500)),
  },
  chain: {
    size: '2,000 edges to 2,001,000 pairs (1,200 edges with --quick)',
    edges: (quick) => chain(quick ? 1_200 : 2_000),
  },
};

function besides(name, makePeer, target) {
  const graph = graphs[name];
  return {
    workload: `closure of a ${name} with proofs`.replace('a Gene', 'the Gene'),
    size: graph.size,
    metric: 'cpu',
    target,
    async prepare({ quick }) {
      if (graph.absent !== undefined)
        return { ours: { run: () => 0 }, peer: { name: 'all', absent: graph.absent }, check: () => '' };
      const edges = graph.edges(quick);
      const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-lattice-'));
      const file = join(folder, 'edge.tsv');
      writeFileSync(file, edges.map(([from, to]) => `${from}\t${to}\n`).join(''));
      const peer = makePeer(edges, file);
      return {
        ours: { run: () => close(file) },
        peer,
        check(ours) {
          const own = pairsOf(ours);
          const published = graph.published?.(quick);
          if (published !== undefined) requireSame(own, published, 'the published closure');
          return `${requireSame(own, peer.pairs(), peer.name)}${published === undefined ? '' : ', and as published'}`;
        },
        dispose() {
          rmSync(folder, { recursive: true });
          peer.dispose?.();
        },
      };
    },
  };
}

/** The same engine without proofs, as a peer. */
function withoutProofs(_edges, file) {
  let last;
  return {
    name: 'the same engine with proofs: false',
    version: 'this',
    run: async () => {
      last = await close(file, { proofs: false });
    },
    pairs: () => pairsOf(last),
  };
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The reasoning step alone, beside N3.js's: edges are in both before, as in the row of the vocabularies. */
const timesN3 = {
  workload: 'closure of the Gene Ontology with proofs: reasoning step, times N3.js',
  size: graphs['Gene Ontology'].size,
  unit: 'x CPU',
  target: { atLeast: 6 },
  async measure({ quick }) {
    const n3 = await import('n3').catch(() => {
      throw new Error('the peer is absent: run `npm ci` in packages/semantic-lattice/bench');
    });
    const edges = graphs['Gene Ontology'].edges(quick);
    const n3Rules = '@prefix : <go:>. {?x :edge ?y} => {?x :reach ?y}. {?x :reach ?y. ?y :edge ?z} => {?x :reach ?z}.';
    const ours = async () => {
      const engine = createEngine({ relations: { edge: rel('term', 'term'), reach: rel('term', 'term') } });
      await engine.transact((tx) => tx.insertAll('edge', edges));
      globalThis.gc?.();
      const before = cpuMs();
      engine.addRules(RULES);
      await engine.transact();
      return { cpu: cpuMs() - before, engine };
    };
    const theirs = () => {
      const node = (term) => n3.DataFactory.namedNode(`go:${term}`);
      const store = new n3.Store();
      for (const [from, to] of edges) store.addQuad(node(from), node('edge'), node(to));
      globalThis.gc?.();
      const before = cpuMs();
      new n3.Reasoner(store).reason(new n3.Store(new n3.Parser({ format: 'text/n3' }).parse(n3Rules)));
      return { cpu: cpuMs() - before, store };
    };
    // A round to warm both up and to compare what they derive.
    const pairs = new Set();
    for (const { subject, object } of theirs().store.match(null, n3.DataFactory.namedNode('go:reach'), null)) {
      pairs.add(`${subject.value.slice(3)} ${object.value.slice(3)}`);
    }
    const checked = requireSame(pairsOf((await ours()).engine), pairs, 'N3.js');
    const times = { ours: [], peer: [] };
    for (let round = 0; round < (quick ? 3 : 5); round++) {
      times.ours.push((await ours()).cpu);
      times.peer.push(theirs().cpu);
    }
    return {
      value: median(times.peer) / median(times.ours),
      checked: `${checked}; medians ${median(times.ours).toFixed(0)} and ${median(times.peer).toFixed(0)} ms`,
    };
  },
};

const third = { atMost: 1 / 3 };
export default [
  ...Object.keys(graphs).flatMap((name) => [besides(name, clingo, third), besides(name, swipl, third)]),
  besides('Gene Ontology', souffle, { atMost: 0.5 }),
  besides('random graph', souffle, { atMost: 0.5 }),
  besides('Gene Ontology', withoutProofs, { atMost: 1.4 }),
  besides('random graph', withoutProofs, { atMost: 1.4 }),
  ...(graphs['Gene Ontology'].absent === undefined ? [timesN3] : []),
];
