// Derivatives and compiled evaluation beside SymPy, reductions beside the systems of npm; CPU time, each peer measures its own.
// Answers are compared first: at points, exactly where they are rational. Both sides are warm where a row says so: each was at the same
// work for the same time before, so that a rate is one that a process keeps and not that of a compiler at its start.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ResourceGovernor } from '@tenstrip/shared-core';
import { seededRandom } from '@tenstrip/shared-core/determinism';
import {
  compile,
  differentiate,
  ExpressionStore,
  evaluateExactly,
  evaluateIntervals,
  expand,
  fromText,
  instantiate,
  normalForm,
  parseText,
  printText,
  reduce,
  toText,
} from '@tenstrip/symbolic-reducer';
import { startPeerProcess } from './reduction/peer-process.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const warmUpMs = 1_500;

/** Repeats a side's work for a while before it is measured. */
async function warmUp(run) {
  const until = performance.now() + warmUpMs;
  do await run();
  while (performance.now() < until);
}

// SymPy

const python = '/usr/bin/python3';

function sympy() {
  const { status, stdout } = spawnSync(python, ['-c', 'import sympy; print(sympy.__version__)'], { encoding: 'utf8' });
  if (status !== 0) return { absent: { name: 'SymPy', absent: 'not installed; Debian: python3-sympy' } };
  return { version: stdout.trim(), process: startPeerProcess(python, [here('reduction/sympy-peer.py')]) };
}

/** (e + 1)*sin(e*x) + e*cos(y), put into itself. */
function nested(store, depth) {
  const [x, y] = [store.symbol('x'), store.symbol('y')];
  let e = x;
  for (let level = 0; level < depth; level++) {
    const left = store.product([store.sum([e, store.one]), store.call('sin', [store.product([e, x])])]);
    e = store.sum([left, store.product([e, store.call('cos', [y])])]);
  }
  return e;
}

/** exp(-e^2/4)*sin(e + y) + e/(e^2 + 1), put into itself. */
function model(store, depth) {
  const [x, y] = [store.symbol('x'), store.symbol('y')];
  let e = x;
  for (let level = 0; level < depth; level++) {
    const square = store.product([e, e]);
    const bell = store.call('exp', [store.product([store.rational(-1n, 4n), square])]);
    const wave = store.call('sin', [store.sum([e, y])]);
    e = store.sum([store.product([bell, wave]), store.divide(e, store.sum([square, store.one]))]);
  }
  return e;
}

const points = [
  ['1/3', '2/5'],
  ['-3/7', '1/2'],
  ['5/4', '-2/3'],
];

function prepareDerivative(depth) {
  return async () => {
    const peer = sympy();
    const run = () => {
      const store = new ExpressionStore();
      return { store, derivative: differentiate(store, nested(store, depth), 'x') };
    };
    await warmUp(run);
    if (peer.absent !== undefined) return { ours: { run }, peer: peer.absent, check: () => '' };
    await warmUp(() => peer.process.ask({ do: 'differentiate', depth }));
    let ms = 0;
    let first = true;
    return {
      ours: { run },
      peer: {
        name: 'SymPy',
        version: peer.version,
        async run() {
          const answer = await peer.process.ask({ do: 'differentiate', depth, ...(first ? { points } : {}) });
          first = false;
          ms = answer.ms;
          return answer;
        },
        childCpuMs: () => ms,
      },
      check({ store, derivative }, { values }) {
        points.forEach(([x, y], at) => {
          const box = new Map(Object.entries({ x, y }).map(([name, text]) => [name, interval(store, text)]));
          const [{ low, high }] = evaluateIntervals(store, [derivative], box);
          const slack = 1e-9 * (1 + Math.abs(low));
          if (!(Number(values[at]) > low - slack && Number(values[at]) < high + slack))
            throw new Error(`differs at ${x}, ${y}`);
        });
        return `values at ${points.length} rational points, within 1e-9`;
      },
      dispose: () => peer.process.stop(),
    };
  };
}

function interval(store, text) {
  return evaluateIntervals(store, [store.number(fromText(text))], new Map())[0];
}

function prepareEvaluation(depth) {
  return async ({ quick }) => {
    const count = quick ? 20_000 : 100_000;
    const store = new ExpressionStore();
    const e = model(store, depth);
    const compiled = compile(store, [differentiate(store, e, 'x'), differentiate(store, e, 'y')]);
    const gradient = instantiate(compiled, { allowGeneratedCode: true });
    const run = () => {
      let total = 0;
      for (let i = 0; i < count; i++) {
        const [a, b] = gradient(0.5 + i / count, 0.25);
        total += a + b;
      }
      return total;
    };
    const peer = sympy();
    if (peer.absent !== undefined) return { ours: { run }, peer: peer.absent, check: () => '' };
    let ms = 0;
    return {
      ours: { run },
      peer: {
        name: 'SymPy lambdify with cse',
        version: peer.version,
        async run() {
          const answer = await peer.process.ask({ do: 'evaluate', depth, count });
          ms = answer.ms;
          return answer.total;
        },
        childCpuMs: () => ms,
      },
      check(ours, theirs) {
        if (!(Math.abs(ours - theirs) <= 1e-9 * Math.abs(theirs))) throw new Error(`${ours} and ${theirs}`);
        return `sums of ${count} gradients, within 1e-9`;
      },
      dispose: () => peer.process.stop(),
    };
  };
}

// The systems of npm

/** Sums of products and of quotients of linear factors in three variables, with about so many operations. */
function quotientSum(random, operations) {
  const factor = () =>
    `(${['x', 'y', 'z'][random.integer(0, 2)]}${random.integer(0, 1) === 0 ? '-' : '+'}${random.integer(1, 3)})`;
  const parts = [];
  for (let count = 0; count < operations; count += 5) {
    const [a, b] = [factor(), factor()];
    parts.push(random.integer(0, 2) === 0 ? `${a}*${b}/${a}` : `${random.integer(2, 9)}*${a}*${b}`);
  }
  return parts.join(random.integer(0, 1) === 0 ? '+' : '-');
}

/**
 * How many expressions are one run. Enough that neither side takes less than some milliseconds: what the collection of garbage before each
 * run leaves to the first calls after it, a fifth of a millisecond, is then small beside them. No more than the peer does in its time.
 */
const reductionCounts = {
  5: { mathjs: 240, algebrite: 12, nerdamer: 2880 },
  20: { mathjs: 3, algebrite: 3, nerdamer: 48 },
  100: { mathjs: 1, algebrite: 1, nerdamer: 12 },
  500: { mathjs: 1, algebrite: 1, nerdamer: 6 },
};
const peerLimitMs = 30_000;

function texts(operations, system, quick) {
  const random = seededRandom(`reductions of ${operations}`);
  const all = reductionCounts[operations][system];
  const count = quick ? Math.ceil(all / 4) : all;
  return Array.from({ length: count }, () => quotientSum(random, operations));
}

/** At how many of three points two texts have the same exact value, of those where both have one; `undefined` when they differ. */
function agreement(one, other) {
  const store = new ExpressionStore();
  const roots = [parseText(store, one), parseText(store, other)];
  let compared = 0;
  for (let point = 0; point < 3; point++) {
    const values = new Map(['x', 'y', 'z'].map((name, i) => [name, fromText(`${7 * point + 3 * i - 11}/13`)]));
    const [left, right] = evaluateExactly(store, roots, values);
    if (typeof left === 'string' || typeof right === 'string') continue;
    if (toText(left) !== toText(right)) return undefined;
    compared++;
  }
  return compared;
}

/** Throws unless each pair has the same exact values. */
function sameValues(inputs, ours, theirs) {
  let compared = 0;
  inputs.forEach((input, at) => {
    const points = agreement(ours[at], theirs[at]);
    if (points === undefined) throw new Error(`${input}: ${ours[at]} and ${theirs[at]}`);
    compared += points;
  });
  if (compared === 0) throw new Error('nothing could be compared');
  return `exact values of ${inputs.length} results at 3 rational points`;
}

/** How much longer a peer that did not finish takes at least, by the CPU time that it had. */
function atLeast(spentMs, run) {
  if (spentMs === undefined) return '';
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  const times = Math.floor((1_000 * spentMs) / (user + system));
  return `, with ${spentMs / 1_000} s of CPU time: at least ${times.toLocaleString('en')} times ours`;
}

function prepareReduction(system, operations, withProof) {
  return async ({ quick }) => {
    let inputs = texts(operations, system, quick);
    const reduced = (text) => {
      const store = new ExpressionStore();
      const { result } = (withProof ? reduce : normalForm)(store, parseText(store, text));
      return printText(store, result);
    };
    const run = () => inputs.map(reduced);
    const manifest = here(`node_modules/${system}/package.json`);
    if (!existsSync(manifest))
      return { ours: { run }, peer: { name: system, absent: 'not installed; npm ci in bench/' }, check: () => '' };
    await warmUp(run);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
    const peer = startPeerProcess(process.execPath, [here('reduction/npm-peer.child.mjs'), system]);
    await peer.line(60_000);
    const first = await peer.ask(inputs, peerLimitMs);
    if (first === undefined) {
      const absent = `did not finish ${inputs.length} of ${operations} operations in ${peerLimitMs / 1_000} s${atLeast(peer.spentMs(), run)}`;
      return { ours: { run }, peer: { name: system, version, absent }, check: () => '' };
    }
    // What a peer gets wrong is no work of its own; the value of the expression as it stands decides.
    const wrong = inputs.filter((input, at) => agreement(input, first.results[at]) === undefined);
    inputs = inputs.filter((input) => !wrong.includes(input));
    const leftOut =
      wrong.length === 0 ? '' : `; without ${wrong.length} that ${system} gets wrong, such as ${wrong[0]}`;
    await warmUp(() => peer.ask(inputs));
    let ms = 0;
    return {
      ours: { run },
      peer: {
        name: system,
        version,
        async run() {
          const answer = await peer.ask(inputs);
          ms = answer.ms;
          return answer.results;
        },
        childCpuMs: () => ms,
      },
      check: (ours, theirs) => `${sameValues(inputs, ours, theirs)}${leftOut}`,
      dispose: () => peer.stop(),
    };
  };
}

const reductions = [5, 20, 100, 500].flatMap((operations) =>
  ['mathjs', 'algebrite', 'nerdamer'].map((system) => ({
    workload: `reduction: parse, one fraction, cancel, print; ${operations} operations, beside ${system}, both warm`,
    size: `${reductionCounts[operations][system]} sums of quotients`,
    metric: 'cpu',
    target: { atMost: 1 / 50 },
    prepare: prepareReduction(system, operations, false),
  })),
);

// What a budget promises

/** Runs in a worker until it is stopped; says how long after. */
const endless = `
  const { parentPort, workerData } = require('node:worker_threads');
  Promise.all([import('@tenstrip/shared-core'), import('@tenstrip/symbolic-reducer')]).then(([core, reducer]) => {
    const operation = core.workerOperation(workerData);
    const store = new reducer.ExpressionStore();
    const start = reducer.parseText(store, '((a+b+c+d+e+1)^40+a)/((a+b+c+d+e+1)^39+b)');
    parentPort.postMessage('begun');
    try {
      reducer.normalForm(store, start, { operation, maxTerms: 1 << 26 });
      parentPort.postMessage('finished');
    } catch (error) {
      parentPort.postMessage(error.code);
    }
  });
`;

async function cancellationMs() {
  const governor = new ResourceGovernor();
  const abort = new AbortController();
  const permit = await governor.acquire({ signal: abort.signal });
  const worker = new Worker(endless, { eval: true, workerData: permit.op.share() });
  const next = () => new Promise((resolve) => worker.once('message', resolve));
  await next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const begun = performance.now();
  const answer = next();
  abort.abort();
  const code = await answer;
  const took = performance.now() - begun;
  await worker.terminate();
  permit[Symbol.dispose]();
  await governor.close();
  if (code !== 'OperationAborted') throw new Error(`the worker said ${code}`);
  return took;
}

const figures = [
  {
    workload: 'an expansion of 20,858,342,501 terms is refused',
    size: '(x+y+z+1)^5000',
    unit: 'ms',
    target: { atMost: 5 },
    measure() {
      const refuse = () => {
        const store = new ExpressionStore();
        const bomb = parseText(store, '(x+y+z+1)^5000');
        const before = process.cpuUsage();
        try {
          expand(store, bomb);
        } catch (error) {
          const { user, system } = process.cpuUsage(before);
          if (error.details.needed !== '20858342501') throw error;
          return (user + system) / 1_000;
        }
        throw new Error('it was not refused');
      };
      const first = refuse();
      return {
        value: first,
        checked: 'process.cpuUsage of the first refusal in a process; the number of terms is the binomial',
      };
    },
  },
  {
    workload: 'a normal form at work in a worker is aborted',
    size: 'two dense powers in 5 variables',
    unit: 'ms',
    target: { atMost: 50 },
    async measure() {
      return { value: await cancellationMs(), checked: 'from abort() to the error of the worker' };
    },
  },
];

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  {
    workload: 'derivative of a nested function, both warm',
    size: '6 levels, each 3 times in the next',
    metric: 'cpu',
    target: { atMost: 1 / 300 },
    prepare: prepareDerivative(6),
  },
  {
    workload: 'evaluation of a compiled gradient',
    size: '100,000 calls, model of 4 levels',
    metric: 'cpu',
    target: { atMost: 1 / 4 },
    prepare: prepareEvaluation(4),
  },
  ...reductions,
  {
    workload: 'reduction with its proof, found and checked; 20 operations, beside mathjs, which gives none, both warm',
    size: `${reductionCounts[20].mathjs} sums of quotients`,
    metric: 'cpu',
    prepare: prepareReduction('mathjs', 20, true),
  },
  ...figures,
];
