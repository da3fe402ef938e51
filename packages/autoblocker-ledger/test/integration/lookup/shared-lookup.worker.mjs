// Asks as fast as it can while the other thread writes, and looks afterwards whether each answer is that of a state which was
// there meanwhile.
import { parentPort, workerData } from 'node:worker_threads';
import { openSharedLookup } from '@tenstrip/autoblocker-ledger';
import { asked, changes, integers, LinearBlocks, question } from './change-script.mjs';

const { handle, progress, seed, number } = workerData;
const steps = new Int32Array(progress);
const lookup = openSharedLookup(handle);
const next = integers(number + 1);
const samples = [];
let asks = 0;

while (Atomics.load(steps, 1) === 0) {
  const one = question(next);
  const before = Atomics.load(steps, 0);
  const found = lookup.isBlocked(one.text, one.domain, asked);
  const after = Atomics.load(steps, 0);
  asks += 1;
  // Those that the writer overtook, and some of the others.
  if (samples.length >= 50_000 || (after === before && asks % 100 !== 0)) continue;
  samples.push({
    one,
    before,
    after,
    answer: found === undefined ? 'nothing' : `${found.id} ${found.action} ${found.until}`,
  });
  Atomics.store(steps, 2 + number, samples.length);
}

const oracle = new LinearBlocks();
const script = changes(seed);
let version = 0;
const advance = (to) => {
  for (; version < to; version += 1) oracle.apply(script.next().value);
};
// Answers of states from the one that was told before the question to the one after that told behind it.
const open = [];
const wrong = [];
let overtaken = 0;
let unclear = 0;
for (const sample of samples) {
  if (sample.after > sample.before) overtaken += 1;
  // The thread was without its core meanwhile.
  if (sample.after - sample.before > 100) unclear += 1;
  else open.push({ ...sample, isRight: false });
}
for (let first = 0; first < open.length; ) {
  advance(open[first].before);
  const to = version + 101;
  for (; version <= to; advance(version + 1)) {
    for (let index = first; index < open.length && open[index].before <= version; index += 1) {
      const sample = open[index];
      if (!sample.isRight && version <= sample.after + 1)
        sample.isRight = oracle.isBlocked(sample.one) === sample.answer;
    }
    while (first < open.length && open[first].after + 1 <= version) {
      if (!open[first].isRight) wrong.push(JSON.stringify(open[first]));
      first += 1;
    }
    if (first >= open.length || open[first].before > version) break;
  }
}
parentPort.postMessage({ asks, checked: samples.length - unclear, overtaken, wrong });
