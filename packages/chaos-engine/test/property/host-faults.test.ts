// Whatever is injected, reverted and killed, in whatever order: when the last engine is gone and one more has opened the folder,
// the host is as it was.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { compareSnapshots, HostSurface, hostSnapshot } from '@tenstrip/chaos-engine';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { serveToxiproxyDouble } from '../integration/host/toxiproxy-double.js';

const full = requireFull().available;
const program = fileURLToPath(new URL('obey.child.mjs', import.meta.url));

let folder: string;
let proxy: Awaited<ReturnType<typeof serveToxiproxyDouble>>;
let victims: number[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-property-'));
  proxy = await serveToxiproxyDouble(['db']);
  victims = ['sleep 1000', 'sleep 1000 & wait'].map(
    (command) => spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' }).pid ?? 0,
  );
});
afterAll(async () => {
  for (const pid of victims) process.kill(-pid, 'SIGKILL');
  await proxy.close();
  rmSync(folder, { recursive: true });
});

class Engine {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  reaper = 0;

  constructor() {
    const policy = { processes: { pids: victims }, proxies: { db: proxy.api }, blastRadius: { targets: 8 } };
    this.#child = spawn(process.execPath, [program, folder, JSON.stringify(policy)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async answer(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('the engine ended by itself');
    const { answer = '', reaper } = JSON.parse(value);
    this.reaper = reaper ?? this.reaper;
    return answer;
  }

  tell(command: object): Promise<string> {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return this.answer();
  }

  /** Killed at once, perhaps with a command in hand. */
  async kill(unanswered: object | undefined): Promise<void> {
    if (unanswered !== undefined) this.#child.stdin.write(`${JSON.stringify(unanswered)}\n`);
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

const faults = fc.oneof(
  fc.record({
    target: fc.nat(1).map((index) => ({ pid: index })),
    fault: fc.record({ kind: fc.constant('process.pause'), tree: fc.boolean() }),
  }),
  fc.constant({
    target: { proxy: 'db' },
    fault: { kind: 'dependency.toxic', type: 'latency', stream: 'upstream', toxicity: 1, attributes: { latency: 1 } },
  }),
  fc.constant({
    target: { proxy: 'db' },
    fault: { kind: 'dependency.toxic', type: 'down', stream: 'upstream', toxicity: 1, attributes: {} },
  }),
);
const injection = fc.record({ fault: faults, ttlMs: fc.constantFrom(1, 5, 50, 60_000, 60_000) });
const step = fc.oneof(
  { weight: 6, arbitrary: injection.map((inject) => ({ inject })) },
  { weight: 3, arbitrary: fc.nat(20).map((revert) => ({ revert })) },
  { weight: 1, arbitrary: fc.constant({ killReaper: true }) },
  { weight: 1, arbitrary: fc.option(injection, { nil: undefined }).map((inHand) => ({ kill: true, inHand })) },
);

it(
  'faults leave nothing behind, in whatever order engines inject, revert and die',
  async () => {
    const look = () => hostSnapshot({ folder, processes: victims, proxies: { db: proxy.api } });
    const before = await look();
    const commandOf = ({
      fault: { target, fault },
      ttlMs,
    }: typeof injection extends fc.Arbitrary<infer I> ? I : never) => ({
      inject: { target: 'pid' in target ? { pid: victims[target.pid] } : target, fault, ttlMs },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 15 }), async (steps) => {
        let engine = new Engine();
        await engine.answer();
        for (const one of steps) {
          if ('inject' in one) {
            const answer = await engine.tell(commandOf(one.inject));
            // A time of a millisecond may be over before; a target may be busy; two toxics may be on one proxy.
            expect(['done', 'TargetBusy', 'OptionsInvalid']).toContain(answer);
          } else if ('revert' in one) expect(await engine.tell({ revert: one.revert })).toBe('done');
          else if ('killReaper' in one) signalled(engine.reaper);
          else {
            await engine.kill(one.inHand === undefined ? undefined : commandOf(one.inHand));
            engine = new Engine();
            await engine.answer();
          }
        }
        await engine.kill(undefined);
        await (await HostSurface.open({ folder, policy: {} })).close();
        expect(compareSnapshots(before, await look())).toEqual([]);
      }),
      {
        numRuns: full ? 60 : 6,
        // Each try is seconds of real processes: to shrink would take longer than the test may, and hide what failed.
        endOnFailure: true,
        ...(process.env.TENSTRIP_SEED === undefined ? {} : { seed: Number(process.env.TENSTRIP_SEED) }),
      },
    );
  },
  full ? 480_000 : 120_000,
);

function signalled(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was killed before, and another is being started.
  }
}
