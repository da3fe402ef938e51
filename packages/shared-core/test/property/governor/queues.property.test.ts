import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/determinism/index.js';
import { FairQueue, type Waiter } from '../../../src/governor/fair-queue.js';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { TokenBucket } from '../../../src/governor/token-bucket.js';

class Place implements Waiter<Place> {
  readonly sequence: number;
  queue: FairQueue<Place> | undefined;
  before: Place | undefined;
  after: Place | undefined;

  constructor(sequence: number) {
    this.sequence = sequence;
  }
}

describe('TokenBucket', () => {
  it('never gives more than burst + rate x time, and never less when it is asked often enough', () => {
    const steps = fc.array(fc.record({ passMs: fc.nat(100), want: fc.integer({ min: 1, max: 50 }) }), { minLength: 1 });
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        steps,
        (rate, burst, asked) => {
          const bucket = new TokenBucket(rate, burst, 0);
          const takenAt: [atMs: number, amount: number][] = [];
          let nowMs = 0;
          for (const { passMs, want } of asked) {
            nowMs += passMs;
            const amount = Math.min(want, burst);
            if (!bucket.has(amount, nowMs)) {
              nowMs += bucket.waitMs(amount, nowMs);
              expect(bucket.has(amount, nowMs)).toBe(true); // it says itself how long to wait
            }
            bucket.take(amount);
            takenAt.push([nowMs, amount]);
          }
          // In every window, by brute force.
          for (let from = 0; from < takenAt.length; from++) {
            let sum = 0;
            for (let to = from; to < takenAt.length; to++) {
              sum += takenAt[to]![1];
              expect(sum).toBeLessThanOrEqual(burst + rate * (takenAt[to]![0] - takenAt[from]![0]) + 1e-6 * burst);
            }
          }
        },
      ),
    );
  });

  it('owes at most its deepest debt', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (charges) => {
        const bucket = new TokenBucket(1, 10, 0, 100);
        for (const amount of charges) bucket.charge(amount, 0);
        expect(bucket.available(0)).toBeGreaterThanOrEqual(-100);
        expect(bucket.available(110)).toBe(10);
      }),
    );
  });
});

describe('FairQueue', () => {
  const tree = (weights: readonly number[]): { root: FairQueue<Place>; leaves: FairQueue<Place>[] } => {
    const root = new FairQueue<Place>('weighted');
    return { root, leaves: weights.map((weight) => new FairQueue<Place>('weighted', root, weight)) };
  };

  it('gives every node its weight of what is served, as long as all wait, within one request each', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 10, max: 200 }), (given, rounds) => {
        const { root, leaves } = tree(given);
        for (const leaf of leaves) for (let each = 0; each < rounds; each++) leaf.push(new Place(each));
        const served = leaves.map(() => 0);
        for (let round = 0; round < rounds; round++) {
          const place = root.next(round)!;
          const queue = place.queue!;
          queue.served();
          queue.charge(1);
          queue.remove(place);
          served[leaves.indexOf(queue)]!++;
        }
        const total = given.reduce((sum, weight) => sum + weight, 0);
        given.forEach((weight, index) => {
          expect(Math.abs(served[index]! - (rounds * weight) / total)).toBeLessThanOrEqual(given.length);
        });
      }),
    );
  });

  it('serves a node in the order of arrival, whoever leaves the queue in between', () => {
    const moves = fc.array(fc.oneof(fc.constant('push'), fc.constant('serve'), fc.nat(20)), { maxLength: 60 });
    fc.assert(
      fc.property(moves, (given) => {
        const { root, leaves } = tree([1, 2]);
        const lists: Place[][] = [[], []];
        let sequence = 0;
        for (const move of given) {
          if (move === 'push') {
            const place = new Place(sequence++);
            lists[sequence % 2]!.push(place);
            leaves[sequence % 2]!.push(place);
          } else if (move === 'serve') {
            const place = root.next(sequence++);
            expect(place === undefined).toBe(lists.flat().length === 0);
            if (place === undefined) continue;
            const leaf = leaves.indexOf(place.queue!);
            expect(lists[leaf]!.shift()).toBe(place);
            place.queue!.remove(place);
          } else {
            const list = lists[(move as number) % 2]!;
            const [gone] = list.splice((move as number) % Math.max(1, list.length), 1);
            gone?.queue?.remove(gone);
          }
          expect([root.size, ...leaves.map(({ size }) => size)]).toEqual(
            [lists.flat(), ...lists].map((list) => list.length),
          );
        }
      }),
    );
  });

  it('lets a node that was away join level with the others: it does not catch up what it did not ask for', () => {
    const { root, leaves } = tree([1, 1]);
    const serve = (round: number): number => {
      const place = root.next(round)!;
      const queue = place.queue!;
      queue.served();
      queue.charge(1);
      queue.remove(place);
      return leaves.indexOf(queue);
    };
    for (let index = 0; index < 200; index++) leaves[0]!.push(new Place(index));
    for (let round = 0; round < 100; round++) serve(round);
    for (let index = 0; index < 100; index++) leaves[1]!.push(new Place(1000 + index));
    const served = Array.from({ length: 20 }, (_, round) => serve(1000 + round));
    expect(served.filter((leaf) => leaf === 1).length).toBeLessThanOrEqual(11);
  });

  it('passes over what is blocked, for one round', () => {
    const { root, leaves } = tree([1, 1]);
    leaves.forEach((leaf, index) => {
      leaf.push(new Place(index));
    });
    leaves[0]!.block(1);
    expect(root.next(1)?.queue).toBe(leaves[1]);
    root.block(1);
    expect(root.next(1)).toBeUndefined();
    expect(root.next(2)?.queue).toBe(leaves[0]);
  });
});

describe('I/O grants', () => {
  const request = fc.record({ child: fc.nat(2), bytes: fc.integer({ min: 1, max: 40 }), atMs: fc.nat(500) });

  it('keep burst + rate x time at every node, stay in order within a node, and all come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 40 }), async (requests) => {
        const clock = new VirtualClock();
        const limits = [
          { ioBytesPerSecond: 200, ioBurstBytes: 40 },
          { ioBytesPerSecond: 100, ioBurstBytes: 50 },
          { ioBytesPerSecond: 150, ioBurstBytes: 40 },
        ];
        const root = new ResourceGovernor({ ...limits[0], clock });
        const nodes = [root, root.child('a', limits[1]), root.child('b', { ...limits[2], weight: 3 })];
        const grants: { child: number; bytes: number; atMs: number; index: number }[] = [];
        const asked = [...requests].sort((a, b) => a.atMs - b.atMs);
        const waits = asked.map(async ({ child, bytes, atMs }, index) => {
          if (atMs > 0) await clock.sleep(atMs);
          await nodes[child]!.io({ bytes });
          grants.push({ child, bytes, atMs: clock.monotonicMs(), index });
        });
        await clock.advance(60_000);
        await Promise.all(waits);
        nodes.forEach((_, node) => {
          const own = grants.filter(({ child }) => child === node);
          expect(own.map(({ index }) => index)).toEqual(own.map(({ index }) => index).sort((a, b) => a - b));
          const below = node === 0 ? grants : own;
          const { ioBytesPerSecond, ioBurstBytes } = limits[node]!;
          for (let from = 0; from < below.length; from++) {
            let sum = 0;
            for (let to = from; to < below.length; to++) {
              sum += below[to]!.bytes;
              const allowed = ioBurstBytes + ((below[to]!.atMs - below[from]!.atMs) * ioBytesPerSecond) / 1000;
              expect(sum).toBeLessThanOrEqual(allowed + 1e-6);
            }
          }
        });
        expect(clock.pending.timers).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
