// An abort reaches work that never gives the event loop a turn: it runs in a worker thread, and looks at shared memory. (How soon is a
// figure of the benchmark.)
import { Worker } from 'node:worker_threads';
import { ResourceGovernor } from '@tenstrip/shared-core';
import { expect, it } from 'vitest';

it('a normal form at work in a worker ends with the abort of its operation', async () => {
  await using governor = new ResourceGovernor();
  const abort = new AbortController();
  using permit = await governor.acquire({ signal: abort.signal });
  const worker = new Worker(new URL('./worker.child.mjs', import.meta.url), { workerData: permit.op.share() });
  const next = () => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  expect(await next()).toBe('begun');
  const answer = next();
  abort.abort();
  expect(await answer).toBe('OperationAborted');
  await worker.terminate();
});
