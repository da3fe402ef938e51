// What governing costs beside a bare p-limit and a bare await, and how well the caps and rates are kept. Comparisons
// run in one process; a CPU cap is a matter of a whole process, so each is measured in one of its own.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import pLimit from 'p-limit';

const peer = {
  name: 'p-limit',
  version: JSON.parse(readFileSync(new URL('./package.json', import.meta.resolve('p-limit')), 'utf8')).version,
};

/** Every limit on, none of them reached. */
const wide = {
  cpuPercent: 10_000,
  ramBytes: 2 ** 40,
  ioOpsPerSecond: 1e9,
  ioBytesPerSecond: 1e12,
  maxConcurrency: 8,
  maxQueue: 200_000,
  deadlineMs: 600_000,
};
const cost = { name: 'one', ioOps: 1, ioBytes: 100, reserveBytes: 100 };

const one = async () => 1;

/** Sums `count` results of `call`, one after the other. */
async function sumInTurn(count, call) {
  let sum = 0;
  for (let done = 0; done < count; done++) sum += await call();
  return sum;
}

/** Sums `count` results of `call`, all asked for at once. */
async function sumAtOnce(count, call) {
  const results = await Promise.all(Array.from({ length: count }, call));
  return results.reduce((sum, result) => sum + result, 0);
}

function sameSum(count) {
  return (ours, theirs) => {
    if (ours !== theirs || ours !== count) throw new Error(`the sums are ${ours} and ${theirs}`);
    return `same sum of ${count.toLocaleString('en')} results`;
  };
}

function beside(workload, target, makeCall, sum = sumInTurn) {
  return {
    workload,
    size: '100,000 calls',
    metric: 'cpu',
    ...(target === undefined ? {} : { target }),
    prepare({ quick }) {
      const count = quick ? 20_000 : 100_000;
      const limit = pLimit(wide.maxConcurrency);
      const call = makeCall();
      return {
        ours: { run: () => sum(count, call) },
        peer: { ...peer, run: () => sum(count, () => limit(one)) },
        check: sameSum(count),
      };
    },
  };
}

async function checkpoints(op, count) {
  let sum = 0;
  for (let done = 0; done < count; done++) {
    await op.checkpoint();
    sum++;
  }
  return sum;
}

async function bareAwaits(count) {
  let sum = 0;
  for (let done = 0; done < count; done++) {
    await undefined;
    sum++;
  }
  return sum;
}

/** Runs a child program of `./governor` and gives the JSON that it prints. */
async function child(program, args, nodeOptions = []) {
  const path = fileURLToPath(new URL(`./governor/${program}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeOptions, path, ...args.map(String)]);
  return JSON.parse(stdout);
}

/**
 * What a capped process used. On a busy machine it cannot have its share, so of up to three runs the one counts in
 * which it waited least for a core.
 */
async function cappedProcess(percent, quick, ...weights) {
  let best;
  for (let run = 0; run < 3 && !(best?.waitedPercent < 2); run++) {
    const measured = await child('cpu-cap.child.mjs', [percent, quick ? 2 : 5, ...weights]);
    if (best === undefined || measured.waitedPercent < best.waitedPercent) best = measured;
  }
  return best;
}

function cpuCap(percent) {
  return {
    workload: `CPU cap of ${percent} % on a cooperative loop`,
    size: '5 s',
    unit: 'percent of one core',
    target: { atLeast: percent - 3, atMost: percent + 3 },
    async measure({ quick }) {
      const { percent: value, waitedPercent } = await cappedProcess(percent, quick);
      const waited = `it waited for a core ${waitedPercent.toFixed(1)} % of the time`;
      return { value, checked: `process.cpuUsage of a process of its own over its wall time; ${waited}` };
    },
  };
}

function cpuShares(percent) {
  const weights = [1, 2, 5];
  return {
    workload: `shares of three siblings with weights 1:2:5 under ${percent} %`,
    size: '5 s',
    unit: 'percent off the weights, at worst',
    target: { atMost: 10 },
    async measure({ quick }) {
      const measured = await cappedProcess(percent, quick, ...weights);
      const off = measured.shares.map((share, index) => Math.abs(share / (weights[index] / 8) - 1) * 100);
      const shares = measured.shares.map((share) => share.toFixed(3)).join(', ');
      return { value: Math.max(...off), checked: `work done: ${shares}; in all ${measured.percent.toFixed(1)} %` };
    },
  };
}

/** The most CPU time that passes between two turns of the event loop while a body only passes checkpoints. */
async function longestGapMs(forMs) {
  const governor = new ResourceGovernor();
  const stopMs = performance.now() + forMs;
  let longestMicros = 0;
  let turns = 0;
  let isOver = false;
  let last = process.cpuUsage();
  const watch = () => {
    const { user, system } = process.cpuUsage(last);
    if (turns++ > 20) longestMicros = Math.max(longestMicros, user + system); // not the compiling at first
    last = process.cpuUsage();
    if (!isOver) setImmediate(watch);
  };
  setImmediate(watch);
  await governor.run('loop', async (op) => {
    while (performance.now() < stopMs) await checkpoints(op, 100);
  });
  isOver = true;
  await governor.close();
  return longestMicros / 1000;
}

/** Keeps requests waiting for `seconds`; gives how far off the rate the grants were, in percent. */
async function ioRate(perSecond, burst, seconds) {
  const governor = new ResourceGovernor({ ioOpsPerSecond: perSecond, ioBurstOps: burst, maxQueue: 100_000 });
  const startMs = performance.now();
  const stopMs = startMs + seconds * 1000;
  let granted = 0;
  const ask = async () => {
    while (performance.now() < stopMs) {
      await governor.io({ ops: 1 });
      granted++;
      const allowed = burst + (perSecond * (performance.now() - startMs)) / 1000;
      if (granted > allowed + 1e-6) throw new Error(`${granted} grants where ${allowed} were allowed`);
    }
  };
  const waiters = Math.min(4000, Math.ceil(perSecond / 5));
  await Promise.all(Array.from({ length: waiters }, ask));
  const elapsedSeconds = (performance.now() - startMs) / 1000;
  await governor.close();
  return (granted / (burst + perSecond * elapsedSeconds) - 1) * 100;
}

export default [
  beside('governor.run with every limit on, uncontended', { atMost: 3 }, () => {
    const governor = new ResourceGovernor(wide);
    return () => governor.run(cost, one);
  }),
  beside('governor.run three nodes deep, every limit on each', undefined, () => {
    const governor = new ResourceGovernor(wide).child('middle', wide).child('leaf', wide);
    return () => governor.run(cost, one);
  }),
  beside('ungoverned.run', undefined, () => () => ungoverned.run('one', one)),
  beside(
    'governor.run with 100,000 waiting at once',
    undefined,
    () => {
      const governor = new ResourceGovernor(wide);
      return () => governor.run(cost, one);
    },
    sumAtOnce,
  ),
  {
    workload: 'awaited checkpoint with nothing to wait for, beside a bare await',
    size: '1,000,000 awaits',
    metric: 'cpu',
    target: { atMost: 1.5 },
    prepare({ quick }) {
      const count = quick ? 200_000 : 1_000_000;
      const governor = new ResourceGovernor(wide);
      return {
        ours: { run: () => governor.run('loop', (op) => checkpoints(op, count)) },
        peer: { name: 'await undefined', version: `Node ${process.versions.node}`, run: () => bareAwaits(count) },
        check: sameSum(count),
      };
    },
  },
  {
    workload: 'longest time without a turn of the event loop in a loop of checkpoints',
    size: '2 s',
    unit: 'ms of CPU time',
    target: { atMost: 5 },
    async measure({ quick }) {
      const longest = [];
      for (let run = 0; run < 5; run++) longest.push(await longestGapMs(quick ? 200 : 400));
      const value = longest.sort((a, b) => a - b)[2];
      return { value, checked: 'process.cpuUsage between two turns; the median of the longest of five runs' };
    },
  },
  cpuCap(20),
  cpuCap(50),
  cpuCap(80),
  cpuShares(50),
  cpuShares(80),
  ...[
    [200, 4],
    [5000, 100],
    [100_000, 2000],
  ].map(([perSecond, burst]) => ({
    workload: `I/O rate of ${perSecond.toLocaleString('en')}/s with a burst of 20 ms of it, waiters queued`,
    size: '3 s',
    unit: 'percent off burst + rate x time',
    target: { atLeast: -2, atMost: 0.001 },
    async measure({ quick }) {
      const value = await ioRate(perSecond, burst, quick ? 1 : 3);
      return { value, checked: 'every grant counted, and none above burst + rate x time at its moment' };
    },
  })),
  {
    workload: 'timers of 100,000 operations that wait for I/O, served in order',
    size: '100,000 operations',
    unit: 'timers',
    target: { atMost: 2 },
    async measure({ quick }) {
      const count = quick ? 20_000 : 100_000;
      const governor = new ResourceGovernor({ ioOpsPerSecond: count * 2, maxQueue: count, deadlineMs: 60_000 });
      let started = 0;
      const waiting = Array.from({ length: count }, (_, place) =>
        governor.run({ name: 'one', ioOps: 1 }, () => {
          if (started++ !== place) throw new Error(`operation ${place} started as number ${started}`);
        }),
      );
      const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
      await Promise.all(waiting);
      await governor.close();
      return { value: timers, checked: 'process.getActiveResourcesInfo; each started in the order of its call' };
    },
  },
  {
    workload: 'heap grown by 10 million operations',
    size: '10,000,000 operations',
    unit: 'KiB',
    target: { atMost: 1024 },
    async measure({ quick }) {
      const { operations, grownBytes } = await child('leak.child.mjs', [quick ? 500_000 : 10_000_000], ['--expose-gc']);
      return { value: grownBytes / 1024, checked: `heapUsed after garbage collection, ${operations} operations` };
    },
  },
];
