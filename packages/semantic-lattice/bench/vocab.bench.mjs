// RDFS and a part of OWL RL over 106 real vocabularies beside N3.js's reasoner: nine rules, the same triples, the same closure.
// The reasoning step alone is what the bar is about; parsing and loading, which cost more than it, are in the row after it.
import {
  CertificateChecker,
  certify,
  createEngine,
  givenFacts,
  ontologyRelations,
  profileRules,
} from '@tenstrip/semantic-lattice';
import { absentVocabularies, n3Rules, vocabularyTexts } from './vocabularies/vocabularies.mjs';

const distinct = 260_676;
const closure = 888_582;
const rules = profileRules['rdfs-plus'];

async function loadN3() {
  try {
    return await import('n3');
  } catch {
    return undefined;
  }
}

function parsed(n3, texts) {
  const rows = [];
  for (const { name, text } of texts) {
    const parser = new n3.Parser({ format: 'N-Quads', blankNodePrefix: `${name}_` });
    for (const { subject, predicate, object } of parser.parse(text)) rows.push([subject.id, predicate.id, object.id]);
  }
  return rows;
}

async function load(rows) {
  const engine = createEngine({ relations: ontologyRelations });
  await engine.transact((tx) => tx.insertAll('triple', rows));
  return engine;
}

async function reason(engine) {
  engine.addRules(rules);
  await engine.transact();
  return engine;
}

function loadPeer(n3, texts) {
  const store = new n3.Store();
  for (const { name, text } of texts) {
    const parser = new n3.Parser({ format: 'N-Quads', blankNodePrefix: `${name}_` });
    for (const { subject, predicate, object } of parser.parse(text)) store.addQuad(subject, predicate, object);
  }
  return store;
}

function reasonPeer(n3, store) {
  new n3.Reasoner(store).reason(new n3.Store(new n3.Parser({ format: 'text/n3' }).parse(n3Rules)));
  return store;
}

/** Compares triple by triple, not by number. */
function requireEqual(engine, store) {
  const theirs = new Set();
  for (const { subject, predicate, object } of store) theirs.add(`${subject.id} ${predicate.id} ${object.id}`);
  let same = 0;
  for (const row of engine.find('triple')) if (theirs.has(row.join(' '))) same += 1;
  if (same !== theirs.size || same !== engine.count('triple') || same !== closure) {
    throw new Error(
      `the closures differ: ${engine.count('triple')} and ${theirs.size} triples, ${same} in both; ${closure} are known`,
    );
  }
  return `same ${same.toLocaleString('en')} triples, set by set`;
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU of the reasoning step alone: loading is outside. */
async function cpuOfOurs(rows) {
  const engine = await load(rows);
  if (engine.count('triple') !== distinct) throw new Error(`${engine.count('triple')} triples; ${distinct} are known`);
  globalThis.gc?.(); // what the other side left is not ours to collect, and the other way round
  const before = cpuMs();
  await reason(engine);
  return cpuMs() - before;
}

function cpuOfPeer(n3, texts) {
  const store = loadPeer(n3, texts);
  globalThis.gc?.();
  const before = cpuMs();
  reasonPeer(n3, store);
  return cpuMs() - before;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  {
    workload: 'vocab: reasoning step with proofs, times N3.js',
    size: '106 vocabularies, 260,676 triples to 888,582, both sides warm',
    unit: 'x CPU',
    target: { atLeast: 6 },
    async measure({ quick }) {
      const n3 = await loadN3();
      const missing = n3 === undefined ? 'run `npm ci` in packages/semantic-lattice/bench' : absentVocabularies();
      if (missing !== undefined) throw new Error(`the peer or the vocabularies are absent: ${missing}`);
      const texts = vocabularyTexts();
      const rows = parsed(n3, texts);
      // A round to warm both sides up and to compare what they derive; then each in turn, with nothing of the other's in memory.
      const warm = await reason(await load(rows));
      const checked = requireEqual(warm, reasonPeer(n3, loadPeer(n3, texts)));
      const ours = [];
      const peer = [];
      for (let round = 0; round < (quick ? 3 : 7); round += 1) {
        ours.push(await cpuOfOurs(rows));
        peer.push(cpuOfPeer(n3, texts));
      }
      return {
        value: median(peer) / median(ours),
        checked: `${checked}; medians ${median(ours).toFixed(0)} and ${median(peer).toFixed(0)} ms`,
      };
    },
  },
  {
    workload: 'vocab: all in, parsing, loading and reasoning',
    size: '106 vocabularies, 84 MB of N-Quads',
    metric: 'cpu',
    async prepare() {
      const n3 = await loadN3();
      const missing = n3 === undefined ? 'run `npm ci` in packages/semantic-lattice/bench' : absentVocabularies();
      const texts = missing === undefined ? vocabularyTexts() : [];
      return {
        ours: { run: async () => reason(await load(parsed(n3, texts))) },
        peer:
          missing === undefined
            ? { name: 'n3', version: '2.13.12', run: () => reasonPeer(n3, loadPeer(n3, texts)) }
            : { name: 'n3', absent: missing },
        check: requireEqual,
      };
    },
  },
  {
    workload: 'vocab: derived facts whose certificate the checker accepts',
    size: 'all of them; a sample with --quick',
    unit: '% of facts',
    target: { atLeast: 100 },
    async measure({ quick }) {
      const n3 = await loadN3();
      const missing = n3 === undefined ? 'run `npm ci` in packages/semantic-lattice/bench' : absentVocabularies();
      if (missing !== undefined) throw new Error(`the vocabularies are absent: ${missing}`);
      const engine = await reason(await load(parsed(n3, vocabularyTexts())));
      const asserted = new Set();
      for (const row of engine.findAsserted('triple')) asserted.add(row.join(' '));
      const derived = [];
      for (const values of engine.find('triple')) {
        if (!asserted.has(values.join(' '))) derived.push({ relation: 'triple', values });
      }
      const chosen = quick ? derived.filter((_, at) => at % 50 === 0) : derived;
      const checker = new CertificateChecker({ rules, relations: ontologyRelations, facts: givenFacts(engine) });
      let accepted = 0;
      // In parts, so that no certificate holds all of it at once.
      for (let at = 0; at < chosen.length; at += 40_000) {
        const part = chosen.slice(at, at + 40_000);
        const verdict = checker.check(await certify(engine, part));
        if (!verdict.valid) throw new Error(`refused at ${verdict.at}: ${verdict.reason}`);
        accepted += verdict.claims.length;
      }
      if (!quick && accepted !== closure - distinct) throw new Error(`${accepted} facts were derived and checked`);
      return {
        value: (100 * accepted) / chosen.length,
        checked: `${accepted.toLocaleString('en')} facts, each a claim of a certificate`,
      };
    },
  },
];
