// Invariants of the simulator's parts against naive ones.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../src/index.js';
import { Decisions, everyDecision } from '../../../src/simulation/decisions.js';
import { EventQueue } from '../../../src/simulation/event-queue.js';

interface Entry {
  cancelled: boolean;
  queued: boolean;
  readonly time: number;
  readonly order: number;
}

describe('the event queue', () => {
  it('gives what a sorted list gives, under any pushes, pops, cancellations and revivals', () => {
    const command = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), value: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pop' as const), value: fc.constant(0) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('cancel' as const), value: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('revive' as const), value: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 600, size: 'max' }), (commands) => {
        const queue = new EventQueue<Entry>();
        let expected: Entry[] = [];
        const all: Entry[] = [];
        commands.forEach(({ do: what, value }, order) => {
          const entry = all[value % Math.max(1, all.length)];
          if (what === 'push') {
            const pushed: Entry = { cancelled: false, queued: false, time: value, order };
            queue.push(value, order, pushed);
            all.push(pushed);
            expected.push(pushed);
          } else if (what === 'pop') {
            expected.sort((a, b) => a.time - b.time || a.order - b.order);
            expect(queue.pop()).toBe(expected.shift());
          } else if (what === 'cancel' && entry !== undefined) {
            queue.cancel(entry);
            expected = expected.filter((other) => other !== entry);
          } else if (entry?.cancelled && entry.queued) {
            queue.revive(entry);
            expected.push(entry);
          }
          expect(queue.size).toBe(expected.length);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('gives events in order of time and push, however delays are spread, while more are planned and cancelled', () => {
    // As programs wait: briefly and often, long and rarely, all at once, in fractions, never.
    const delays = fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.double({ min: 0, max: 2, noNaN: true }) },
        { weight: 3, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
        { weight: 2, arbitrary: fc.constantFrom(0, 5) },
        { weight: 1, arbitrary: fc.constantFrom(86_400_000, 1e15, 1e300, Number.POSITIVE_INFINITY) },
      ),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 400 }), fc.integer(), (spread, pending, seed) => {
        const random = seededRandom(seed);
        const queue = new EventQueue<Entry>();
        const expected = new Set<Entry>();
        let order = 0;
        const plan = (nowMs: number): void => {
          const time = nowMs + spread[random.integer(0, spread.length - 1)]!;
          const entry = { cancelled: false, queued: false, time, order: order++ };
          queue.push(time, entry.order, entry);
          expected.add(entry);
        };
        for (let event = 0; event < pending; event++) plan(0);
        let before: Entry | undefined;
        for (let event = 0; event < 4 * pending; event++) {
          const popped = queue.pop();
          if (popped === undefined) break;
          expect(queue.poppedMs).toBe(popped.time);
          if (
            before !== undefined &&
            (before.time > popped.time || (before.time === popped.time && before.order > popped.order))
          ) {
            throw new Error(`${JSON.stringify(before)} came before ${JSON.stringify(popped)}`);
          }
          if (!expected.delete(popped) || popped.cancelled) throw new Error(`${JSON.stringify(popped)} came`);
          before = popped;
          if (popped.time < 1e300 && event < 3 * pending)
            for (let more = random.integer(0, 2); more > 0; more--) plan(popped.time);
          const [other] = expected;
          if (other !== undefined && random.float() < 0.3) {
            queue.cancel(other);
            expected.delete(other);
          }
          expect(queue.size).toBe(expected.size);
        }
        const rest = [...expected].sort((a, b) => a.time - b.time || a.order - b.order);
        for (const entry of rest) expect(queue.pop()).toBe(entry);
        expect(queue.pop()).toBeUndefined();
      }),
      { numRuns: 150 },
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
