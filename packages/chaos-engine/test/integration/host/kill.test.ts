// Real engines with several real faults at different steps, killed with SIGKILL at random moments: themselves, their reaper, or
// both. Afterwards the host is as it was before: its packet filter, its processes, its proxies.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compareSnapshots, type HostSnapshot, HostSurface, hostSnapshot } from '@tenstrip/chaos-engine';
import { seededRandom } from '@tenstrip/shared-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireFull, requireRoot, requireTool } from '../../../../../tools/test-requirements.mjs';
import { serveToxiproxyDouble } from './toxiproxy-double.js';

const full = requireFull().available;
const kills = full ? 100 : 10;
const program = fileURLToPath(new URL('inject-faults.child.mjs', import.meta.url));
const canPartition = [requireRoot(), requireTool('ip'), requireTool('nft')].every(({ available }) => available);
const namespace = canPartition ? `chaos-kill-${process.pid}` : undefined;

let folder: string;
let proxy: Awaited<ReturnType<typeof serveToxiproxyDouble>>;
const victims: ChildProcess[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-kill-'));
  proxy = await serveToxiproxyDouble(['db', 'cache']);
  for (const command of ['sleep 1000', 'sleep 1000 & sleep 1000 & wait', 'while :; do sleep 0.01; done']) {
    victims.push(spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' }));
  }
  if (namespace !== undefined) execFileSync('ip', ['netns', 'add', namespace]);
});
afterAll(async () => {
  for (const { pid } of victims) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  if (namespace !== undefined) execFileSync('ip', ['netns', 'del', namespace]);
  await proxy.close();
  rmSync(folder, { recursive: true });
});

const pids = (): number[] => victims.map(({ pid }) => pid ?? 0);
const look = (): Promise<HostSnapshot> =>
  hostSnapshot({
    folder,
    namespaces: namespace === undefined ? [] : [namespace],
    processes: pids(),
    proxies: { db: proxy.api, cache: proxy.api },
  });

interface Engine {
  readonly process: ChildProcess;
  readonly reaper: number;
  /** The kinds of fault injected so far, one an injection. */
  readonly injected: string[];
  /** Resolves at the so manieth injection. */
  untilInjected(count: number): Promise<void>;
}

async function start(seed: string): Promise<Engine> {
  const targets = JSON.stringify({ pids: pids(), namespace, api: proxy.api });
  const child = spawn(process.execPath, [program, folder, seed, targets], { stdio: ['ignore', 'pipe', 'inherit'] });
  const injected: string[] = [];
  let heard = (): void => {};
  const reaper = await new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('open ')) resolve(Number(line.slice(5)));
      else {
        injected.push(line);
        heard();
      }
    });
  });
  const untilInjected = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      child.once('close', () => reject(new Error('the engine ended by itself')));
      heard = () => {
        if (injected.length >= count) resolve();
      };
      heard();
    });
  return { process: child, reaper, injected, untilInjected };
}

/** Waits until the host is as before; what is different still when it never is. */
async function untilEqual(before: HostSnapshot, withinMs: number): Promise<string[]> {
  for (let waited = 0; ; waited += 10) {
    const differences = compareSnapshots(before, await look());
    if (differences.length === 0 || waited > withinMs) return differences;
    await wait(10);
  }
}

const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('close', resolve));

describe.each([
  ['the engine', kills],
  ['its reaper, and then the engine', Math.ceil(kills / 3)],
  ['both at once', Math.ceil(kills / 3)],
] as const)('after SIGKILL of %s', (who, times) => {
  it(
    `at a random moment the host is as it was before, ${times} times of ${times}`,
    async () => {
      const random = seededRandom(`${who} ${process.env.TENSTRIP_SEED ?? '1'}`);
      const seen = new Set<string>();
      const before = await look();
      for (let time = 0; time < times; time++) {
        const engine = await start(`${who} ${time}`);
        const death = ended(engine.process);
        // Now and then while it starts, else after so many injections and some time.
        if (random.integer(0, 4) > 0) await engine.untilInjected(random.integer(1, 12));
        await wait(random.integer(0, 60));
        if (who !== 'the engine') process.kill(engine.reaper, 'SIGKILL');
        if (who === 'its reaper, and then the engine') await wait(random.integer(0, 300));
        engine.process.kill('SIGKILL');
        await death;
        for (const kind of engine.injected) seen.add(kind);
        if (who !== 'the engine') {
          // The next engine that opens the folder undoes what nobody was left to undo.
          const next = await HostSurface.open({ folder, policy: {} });
          expect(next.recovered.failed).toEqual([]);
          await next.close();
        }
        expect(await untilEqual(before, 20_000), `seed ${who} ${time}`).toEqual([]);
      }
      expect(seen.size).toBeGreaterThan(1);
    },
    30_000 * times,
  );
});
