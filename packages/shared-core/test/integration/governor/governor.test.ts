import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { ResourceGovernor } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';

async function child(program: string, ...args: (string | number)[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`./${program}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args.map(String)]);
  return JSON.parse(stdout);
}

describe('a deterministic governor', () => {
  it('decides alike in two separate processes, whatever real work takes', async () => {
    const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => child('decisions.child.mjs', seed)));
    expect(first).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

describe('a deadline', () => {
  it.each(['paused', 'listening'])('reaches its caller in a process that has nothing else to do: %s', async (way) => {
    expect(await child('deadline.child.mjs', way)).toBe('DeadlineExceeded');
  });

  it('of a background context keeps no process alive', async () => {
    expect(await child('deadline.child.mjs', 'background')).toBe('ended');
  });
});

describe('a worker thread', () => {
  it('stops for a pause, goes on, and ends when its operation is aborted', async () => {
    const governor = new ResourceGovernor();
    const abort = new AbortController();
    const messages: unknown[] = [];
    let worker: Worker | undefined;
    const next = (): Promise<unknown> => once(worker!, 'message'); // fails when the thread does
    await governor
      .run({ name: 'spins', signal: abort.signal }, async (op) => {
        worker = new Worker(new URL('./spin.worker.mjs', import.meta.url), { workerData: op.share() });
        worker.on('message', (message) => messages.push(message));
        await next();
        await next();
        governor.pause();
        await quiet(messages);
        const count = messages.length;
        governor.resume();
        await next();
        expect(messages.length).toBeGreaterThan(count);
        abort.abort();
        while (typeof messages.at(-1) !== 'string' || messages.length === 1) await next();
        throw op.signal.reason;
      })
      .catch(() => {});
    await worker!.terminate();
    expect(messages.at(-1)).toBe('OperationAborted');
    expect(governor.statistics()).toMatchObject({ aborted: 1, running: 0 });
  });
});

/** Waits until no message has come for 100 ms; a thread that went on would send one every 5. */
async function quiet(messages: readonly unknown[]): Promise<void> {
  for (let count = -1; count !== messages.length; ) {
    count = messages.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (count > 10_000) throw new Error('the thread never stopped');
  }
}
