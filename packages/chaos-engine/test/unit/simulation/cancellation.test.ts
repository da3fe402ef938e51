// A world of many events stops when its caller does not want it any more, and is the same world for whoever does.
import fs from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResourceGovernor } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { explore, simulate, type World } from '../../../src/index.js';

const { readFile } = fs;
const limits = { maxEvents: 1e9, maxVirtualMs: 1e12 } as const;

/** Has a connection open while it waits for ever. */
async function endless(world: World): Promise<void> {
  await world.node('web', async () => {
    const server = http.createServer(() => {});
    await new Promise<void>((resolve) => server.listen(80, resolve));
  }).ready;
  http.get('http://web/').on('error', () => {});
  for (;;) await sleep(1);
}

async function ticks(count: number): Promise<number> {
  for (let tick = 0; tick < count; tick++) await sleep(1);
  return Math.random();
}

describe.each(['in-place', 'by-turns'] as const)('a world driven %s', (driver) => {
  it('stops between two events when its signal is aborted, and leaves the thread to the next', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 60);
    const { signal } = controller;
    await expect(simulate({ seed: 1, driver, signal, ...limits }, endless)).rejects.toThrow('enough');
    expect((await simulate({ seed: 1, driver }, () => 3)).value).toBe(3);
  });

  it('is the same world whether somebody may stop it or not', async () => {
    const { signal } = new AbortController();
    const options = { seed: 5, driver, ...limits } as const;
    const alone = await simulate(options, () => ticks(150_000));
    const made: number[] = [];
    const timer = setInterval(() => made.push(1), 1);
    const watched = await simulate({ ...options, signal }, () => ticks(150_000));
    clearInterval(timer);
    expect(made.length).toBeGreaterThan(0);
    expect(watched).toEqual(alone);
  });

  it('finds what reached the machine below the patch, though others have the thread meanwhile', async () => {
    const { signal } = new AbortController();
    const world = simulate({ seed: 1, driver, signal, ...limits }, async () => {
      let read = false;
      readFile(import.meta.filename, () => {
        read = true;
      });
      await ticks(150_000);
      return read;
    });
    await expect(world).rejects.toMatchObject({ code: 'Nondeterminism' });
  });
});

it('an exploration stops within a world, by its signal or by the operation that it is part of', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 60);
  await expect(explore({ ...limits, swarm: false, signal: controller.signal }, endless)).rejects.toThrow('enough');
  await using governor = new ResourceGovernor();
  const operation = governor.run({ name: 'explore', deadlineMs: 60 }, (context) =>
    explore({ ...limits, swarm: false, context }, endless),
  );
  await expect(operation).rejects.toMatchObject({ code: 'DeadlineExceeded' });
});
