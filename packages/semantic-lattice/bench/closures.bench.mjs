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

const third = { atMost: 1 / 3 };
export default [
  ...Object.keys(graphs).flatMap((name) => [besides(name, clingo, third), besides(name, swipl, third)]),
  besides('Gene Ontology', souffle, { atMost: 0.5 }),
  besides('random graph', souffle, { atMost: 0.5 }),
  besides('Gene Ontology', withoutProofs, { atMost: 1.4 }),
  besides('random graph', withoutProofs, { atMost: 1.4 }),
];
