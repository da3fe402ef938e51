// Our checker beside Porcupine, on the histories that Porcupine publishes and on larger ones made here; parsing is not counted.
// We have one thread, Porcupine as many as it likes: CPU time is that of all. TENSTRIP_PORCUPINE names a program around it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  casRegisterModel,
  checkLinearizable,
  HistoryRecorder,
  keyValueModel,
  parseJepsenLog,
  parseKeyValueLog,
} from '@tenstrip/chaos-engine';
import { seededRandom } from '@tenstrip/shared-core/determinism';
import { startPorcupine } from './checking/porcupine.mjs';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const corpus = join(process.env.TENSTRIP_CORPUS_DIR ?? join(repository, '..', 'shared', 'data'), 'linearizability');
const linearizable = new Set([2, 5, 7, 18, 25, 31, 38, 45, 48, 49]);

/** The published histories with their verdicts; none where the corpus is not there. */
function published(only = () => true) {
  if (!existsSync(corpus)) return [];
  const read = (folder, parse, kind, verdict) =>
    readdirSync(join(corpus, folder))
      .sort()
      .filter(only)
      .map((name) => ({
        name,
        kind,
        verdict: verdict(name),
        history: parse(readFileSync(join(corpus, folder, name), 'utf8')),
      }));
  return [
    ...read('etcd', parseJepsenLog, 'register', (name) => Number(linearizable.has(Number(/\d+/.exec(name)[0])))),
    ...read('kv', parseKeyValueLog, 'store', (name) => Number(name.includes('ok'))),
  ];
}

/**
 * A register with compare-and-set used by so many processes at once, as it would be: each operation takes place at some moment
 * while it is open. With `wrong`, the last read gives what nobody wrote.
 */
function registerHistory(operations, processes, wrong) {
  const random = seededRandom(`register ${operations} ${processes}`);
  const recorder = new HistoryRecorder();
  const open = [];
  let value = null;
  for (let at = 0; at < operations; ) {
    const who = random.integer(0, processes - 1);
    const running = open[who];
    if (running === undefined) {
      const f = ['read', 'write', 'cas'][random.integer(0, 2)];
      const [from, to] = [random.integer(0, 4), random.integer(0, 4)];
      const operation = f === 'read' ? { f } : f === 'write' ? { f, value: to } : { f, from, to };
      open[who] = { operation, call: recorder.call(who, operation), done: false };
      at++;
    } else if (running.done) {
      running.call.ok(running.result);
      open[who] = undefined;
    } else {
      const { f, from, to, value: written } = running.operation;
      running.result = f === 'read' ? value : f === 'cas' ? value === from : undefined;
      if (f === 'write') value = written;
      if (f === 'cas' && value === from) value = to;
      running.done = true;
    }
  }
  if (wrong) recorder.call('last', { f: 'read' }).ok(9);
  return { name: `${operations}`, kind: 'register', verdict: Number(!wrong), history: recorder.history.map(numbered) };
}

/** Processes of Porcupine have numbers. */
const numbered = (entry) => ({ ...entry, process: Number.isInteger(entry.process) ? entry.process : 999 });

const models = { register: casRegisterModel(), store: keyValueModel('') };
const judge = ({ kind, history }) =>
  checkLinearizable(models[kind], history, { explain: false }).verdict === 'ok' ? '1' : '0';

/** Both judge the same histories, `times` times over. */
function beside(histories, times = 1) {
  return () => {
    const all = histories();
    const numbers = Array.from({ length: times }, () => all.map((_, at) => at)).flat();
    const peer = startPorcupine(all);
    let cpuMs = 0;
    const theirs = {
      name: 'Porcupine',
      version: 'checkout',
      async run() {
        const before = peer.cpuMs();
        const verdicts = await peer.judge(numbers);
        cpuMs = peer.cpuMs() - before;
        return verdicts;
      },
      childCpuMs: () => cpuMs,
    };
    return {
      ours: { run: () => numbers.map((at) => judge(all[at])).join('') },
      peer: peer.absent ?? theirs,
      check(ours, others) {
        const expected = numbers.map((at) => String(all[at].verdict)).join('');
        if (all.length === 0 || ours !== expected || others !== expected) throw new Error('the verdicts differ');
        return `same ${all.length} verdicts, those that are known`;
      },
      dispose: () => peer.stop?.(),
    };
  };
}

const once = (only) => beside(() => published(only));

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  {
    workload: 'linearizability: all published histories',
    size: '50 register logs and 4 key-value logs, 5 times',
    metric: 'cpu',
    target: { atMost: 0.35 },
    prepare: beside(published, 5),
  },
  {
    workload: 'linearizability: the hardest published log',
    size: 'etcd_002',
    metric: 'cpu',
    target: { atMost: 1 },
    prepare: once((name) => name === 'etcd_002.log'),
  },
  {
    workload: 'linearizability: a long register history',
    size: '20,000 operations, 8 at once, linearizable',
    metric: 'cpu',
    target: { atMost: 1 },
    prepare: beside(() => [registerHistory(20_000, 8, false)]),
  },
  {
    workload: 'linearizability: a register history that cannot be',
    size: '20,000 operations, 5 at once, the last one wrong',
    metric: 'cpu',
    target: { atMost: 1 },
    prepare: beside(() => [registerHistory(20_000, 5, true)]),
  },
  {
    workload: 'linearizability: the slowest published history',
    size: '54 histories, each explained',
    unit: 's',
    target: { atMost: 5 },
    measure() {
      const all = published();
      if (all.length === 0) throw new Error(`the corpus is not in ${corpus}`);
      let slowest = { seconds: 0, name: '' };
      for (const { name, kind, history, verdict } of all) {
        const begun = performance.now();
        const found = checkLinearizable(models[kind], history).verdict;
        const seconds = (performance.now() - begun) / 1000;
        if ((found === 'ok') !== (verdict === 1)) throw new Error(`${name}: ${found}`);
        if (seconds > slowest.seconds) slowest = { seconds, name };
      }
      return { value: slowest.seconds, checked: `${slowest.name}; all ${all.length} verdicts as published` };
    },
  },
];
