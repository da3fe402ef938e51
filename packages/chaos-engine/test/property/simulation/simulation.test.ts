// Invariants of the simulator's parts against naive ones.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../src/index.js';
import { Decisions, everyDecision } from '../../../src/simulation/decisions.js';
import { EventHeap } from '../../../src/simulation/event-heap.js';

interface Entry {
  cancelled: boolean;
  inHeap: boolean;
  readonly time: number;
  readonly order: number;
}

describe('the event heap', () => {
  it('gives what a sorted list gives, under any pushes, pops, cancellations and revivals', () => {
    const command = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), value: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pop' as const), value: fc.constant(0) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('cancel' as const), value: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('revive' as const), value: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 600, size: 'max' }), (commands) => {
        const heap = new EventHeap<Entry>();
        let expected: Entry[] = [];
        const all: Entry[] = [];
        commands.forEach(({ do: what, value }, order) => {
          const entry = all[value % Math.max(1, all.length)];
          if (what === 'push') {
            const pushed: Entry = { cancelled: false, inHeap: false, time: value, order };
            heap.push(value, order, pushed);
            all.push(pushed);
            expected.push(pushed);
          } else if (what === 'pop') {
            expected.sort((a, b) => a.time - b.time || a.order - b.order);
            expect(heap.pop()).toBe(expected.shift());
          } else if (what === 'cancel' && entry !== undefined) {
            heap.cancel(entry);
            expected = expected.filter((other) => other !== entry);
          } else if (entry?.cancelled && entry.inHeap) {
            heap.revive(entry);
            expected.push(entry);
          }
          expect(heap.size).toBe(expected.length);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('decisions', () => {
  it('of one name and number do not depend on which others count', () => {
    const draws = fc.array(
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('happens', 'upTo', 'sometimesUpTo')),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.integer(), draws, fc.array(fc.nat(30)), (seed, plan, kept) => {
        const outcomes = (mask: ConstructorParameters<typeof Decisions>[1]): (number | boolean)[] => {
          const decisions = new Decisions(seededRandom(seed), mask);
          return plan.map(([name, how]) => {
            const stream = decisions.stream(name);
            return how === 'sometimesUpTo' ? stream.sometimesUpTo(0.5, 10) : stream[how as 'happens'](0.5);
          });
        };
        const whole = outcomes(everyDecision);
        const masked = outcomes({ others: 'all', streams: { b: kept.sort((x, y) => x - y) } });
        let number = 0;
        plan.forEach(([name], place) => {
          const counts = name !== 'b' || kept.includes(number);
          if (name === 'b') number++;
          if (counts) expect(masked[place]).toBe(whole[place]);
          else expect([false, 0]).toContain(masked[place]);
        });
      }),
    );
  });
});

describe('a stream', () => {
  it('delivers the bytes that were written, in order, over any link', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.record({
          jitterMs: fc.integer({ min: 0, max: 50 }),
          loss: fc.integer({ min: 0, max: 6 }).map((tenths) => tenths / 10),
          slice: fc.constantFrom(0, 0.5, 1),
          reorder: fc.constantFrom(0, 0.5),
          duplicate: fc.constantFrom(0, 0.5),
        }),
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        async (seed, network, writes) => {
          const run = await simulate({ seed, network }, async (world) => {
            const received: Buffer[] = [];
            let over = (): void => {};
            const ended = new Promise<void>((resolve) => {
              over = resolve;
            });
            await world.node('sink', async () => {
              const server = net.createServer((socket) => {
                socket.on('data', (chunk: Buffer) => received.push(chunk));
                socket.on('end', over);
              });
              await new Promise<void>((resolve) => server.listen(1, resolve));
            }).ready;
            const socket = net.connect(1, 'sink');
            for (const bytes of writes) socket.write(bytes);
            socket.end();
            socket.resume();
            await Promise.all([ended, once(socket, 'close')]);
            return Buffer.concat(received);
          });
          if (network.loss > 0 && run.failure !== undefined) {
            // A link that loses most is given up, as TCP gives it up; that is told, and nothing else may happen.
            expect(run.failure.error).toMatchObject({ code: 'ETIMEDOUT' });
            return;
          }
          expect(run.failure).toBeUndefined();
          expect(Buffer.compare(run.value!, Buffer.concat(writes))).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a disk', () => {
  it('after a crash holds what was synced, and of the rest a prefix of the appends at most', async () => {
    const step = fc.oneof(fc.record({ append: fc.integer({ min: 1, max: 1500 }) }), fc.constant({ sync: true }));
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(step, { maxLength: 15 }),
        fc.constantFrom('unsynced', 'torn', 'nothing'),
        async (seed, steps, lose) => {
          let written = '';
          let synced = 0;
          let found = '';
          const run = await simulate({ seed }, async (world) => {
            world.node('n', async ({ disk, incarnation }) => {
              if (incarnation > 1) {
                found = new TextDecoder().decode(await disk.read('f'));
                return;
              }
              for (const each of steps) {
                if ('append' in each) {
                  const text = String.fromCharCode(65 + (written.length % 26)).repeat(each.append);
                  await disk.append('f', text);
                  written += text;
                } else {
                  await disk.sync('f');
                  synced = written.length;
                }
              }
            });
            await sleep(1000);
            world.kill('n', { lose: lose as 'torn' });
            world.restart('n');
            await sleep(1000);
          });
          expect(run.failure).toBeUndefined();
          expect(written.startsWith(found)).toBe(true);
          expect(found.length).toBeGreaterThanOrEqual(synced);
          if (lose === 'unsynced') expect(found.length).toBe(synced);
          if (lose === 'nothing') expect(found).toBe(written);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('timers', () => {
  it('fire in the order of a sorted list, whoever sets them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 3 })), { maxLength: 40 }),
        async (plan) => {
          const run = await simulate({ seed: 1 }, async (world) => {
            const fired: string[] = [];
            for (let node = 0; node < 4; node++) {
              world.node(`n${node}`, () => {
                plan.forEach(([ms, owner], index) => {
                  if (owner === node) setTimeout(() => fired.push(`${ms} ${index}`), ms);
                });
              });
            }
            await sleep(100);
            return fired;
          });
          const expected = plan
            .map(([ms, owner], index) => ({ ms, owner, index }))
            .sort((a, b) => a.ms - b.ms || a.owner - b.owner || a.index - b.index)
            .map(({ ms, index }) => `${ms} ${index}`);
          expect(run.value).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });
});
