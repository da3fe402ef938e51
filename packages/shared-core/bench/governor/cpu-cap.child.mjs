// A process of its own that works as hard as its CPU cap lets it, and prints what the kernel counted:
// { percent, shares, waitedPercent }: a share is of the work that was done, and waited is how long the process was ready
// to run but another one had the core (Linux tells; else 0). Arguments: cap in percent, seconds, weights of the siblings (none: one loop at the root).
import { readFileSync } from 'node:fs';
import { ResourceGovernor } from '@tenstrip/shared-core';

const [cap, seconds, ...weights] = process.argv.slice(2).map(Number);
const governor = new ResourceGovernor({ cpuPercent: cap });
const settleMs = 500; // loading and compiling are over, and the bucket is in its steady state

function spin(rounds) {
  let value = 1;
  for (let round = 0; round < rounds; round++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value;
}

/** Milliseconds that this process was ready to run and did not. */
function waitedMs() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Works until `stopAtMs`, in pieces of some ten microseconds; counts those that it did after `countFromMs`. */
async function work(node, countFromMs, stopAtMs) {
  return node.run('spin', async (op) => {
    let pieces = 0;
    let value = 0;
    for (let nowMs = performance.now(); nowMs < stopAtMs; nowMs = performance.now()) {
      value ^= spin(20_000);
      if (nowMs >= countFromMs) pieces++;
      await op.checkpoint();
    }
    return { pieces, value };
  });
}

const nodes =
  weights.length === 0 ? [governor] : weights.map((weight, index) => governor.child(`sibling-${index}`, { weight }));
const countFromMs = performance.now() + settleMs;
const working = nodes.map((node) => work(node, countFromMs, countFromMs + seconds * 1000));
await new Promise((resolve) => setTimeout(resolve, settleMs));
const before = { wallMs: performance.now(), cpu: process.cpuUsage(), waitedMs: waitedMs() };
const results = await Promise.all(working);
const used = process.cpuUsage(before.cpu);
const wallMs = performance.now() - before.wallMs;
const total = results.reduce((sum, { pieces }) => sum + pieces, 0);
console.log(
  JSON.stringify({
    percent: (used.user + used.system) / wallMs / 10,
    waitedPercent: ((waitedMs() - before.waitedMs) / wallMs) * 100,
    shares: results.map(({ pieces }) => pieces / total),
  }),
);
await governor.close();
