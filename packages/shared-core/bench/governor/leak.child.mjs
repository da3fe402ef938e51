// A process of its own that runs many short operations of every kind and prints how much the heap grew:
// { operations, grownBytes }. Argument: how many operations. Needs --expose-gc.
import { ResourceGovernor } from '@tenstrip/shared-core';

const operations = Number(process.argv[2]);
const governor = new ResourceGovernor({
  maxConcurrency: 8,
  cpuPercent: 10_000,
  ramBytes: 2 ** 40,
  ioOpsPerSecond: 1e9,
  ioBytesPerSecond: 1e12,
  deadlineMs: 60_000,
});
const child = governor.child('child', { maxConcurrency: 4 });
const lasting = new AbortController(); // outlives every operation that listens to it

async function some(count) {
  for (let done = 0; done < count; done += 10) {
    const both = [1, 2, 3, 4, 5, 6].map((bytes) =>
      child.run({ name: 'child', ioOps: 1, reserveBytes: bytes, signal: lasting.signal }, async (op) => {
        op.reserve(bytes); // left behind on purpose: the end of the body gives it back
        await op.checkpoint();
      }),
    );
    await governor.run('outer', (op) =>
      op.run('nested', (inner) => inner.io({ ops: 1 }, async () => inner.signal.aborted)),
    );
    await governor.run('fails', () => Promise.reject(new Error('on purpose'))).catch(() => {});
    (await governor.acquire({ name: 'held' }))[Symbol.dispose]();
    await Promise.all(both);
  }
}

function heapBytes() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

await some(Math.min(operations, 200_000)); // caches, compiled code and histograms are there
const before = heapBytes();
await some(operations);
const grownBytes = heapBytes() - before;
const { running, waiting, reservedBytes } = governor.statistics();
console.log(JSON.stringify({ operations, grownBytes, running, waiting, reservedBytes }));
await governor.close();
