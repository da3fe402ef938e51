// Toxics on virtual time, without sockets: what leaves when.

import { seededRandom, VirtualClock } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../src/proxy/alarms.js';
import { type Outlet, type Stage, type StageHost, stageOf } from '../../../src/proxy/stage.js';
import { type ToxicSpec, toxicOf } from '../../../src/proxy/toxic.js';

class Bench {
  readonly clock = new VirtualClock();
  readonly out: { atMs: number; bytes: string }[] = [];
  held = 0;
  endedMs: number | undefined;
  stages: Stage[] = [];
  /** Whether the sink takes nothing for now. */
  full = false;

  constructor(specs: readonly ToxicSpec[], seed = 'seed') {
    const host: StageHost = {
      alarms: new Alarms(this.clock, 'timer'),
      now: () => this.clock.monotonicMs(),
      sinkFull: false,
      hold: (bytes) => {
        this.held += bytes;
      },
      drop: () => {},
      closeAfter: (stage) => {
        this.stages = this.stages.slice(this.stages.indexOf(stage) + 1);
        (this.stages[0] ?? end).end(host.now());
      },
      reset: () => {
        this.endedMs = host.now();
      },
    };
    Object.defineProperty(host, 'sinkFull', { get: () => this.full });
    const end: Outlet = {
      push: (slice) => {
        this.out.push({ atMs: host.now(), bytes: slice.toString() });
      },
      end: () => {
        this.endedMs = host.now();
      },
    };
    let next = end;
    for (const spec of specs.toReversed()) {
      const stage = stageOf(host, next, toxicOf(spec), { random: seededRandom(seed), delayedBytes: 1000 });
      this.stages.unshift(stage);
      next = stage;
    }
  }

  push(text: string): void {
    this.stages[0]!.push(Buffer.from(text), this.clock.monotonicMs());
  }

  end(): void {
    this.stages[0]!.end(this.clock.monotonicMs());
  }
}

describe('a sink that is full', () => {
  it('is given nothing until it takes more: then what is due, in order, and the rest when it is due', async () => {
    for (const chain of [
      [{ type: 'latency', attributes: { latency: 100 } }],
      [
        { type: 'latency', attributes: { latency: 100 } },
        { type: 'bandwidth', attributes: { rate: 1000 } },
      ],
      [
        { type: 'slow_close', attributes: { delay: 0 } },
        { type: 'latency', attributes: { latency: 100 } },
      ],
    ] satisfies ToxicSpec[][]) {
      const bench = new Bench(chain);
      bench.push('a');
      await bench.clock.advance(60);
      bench.push('b');
      bench.full = true;
      await bench.clock.advance(60);
      bench.push('c');
      bench.end();
      expect(bench.out).toEqual([]);
      expect(bench.held).toBe(3);
      await bench.clock.advance(50);
      bench.full = false;
      for (const stage of bench.stages.toReversed()) stage.goOn();
      expect(bench.out.map(({ bytes }) => bytes).join('')).toBe('ab');
      await bench.clock.advance(60);
      expect(bench.out.map(({ bytes }) => bytes).join('')).toBe('abc');
      expect(bench.held).toBe(0);
      expect(bench.endedMs).toBeDefined();
    }
  });
});

describe('latency', () => {
  it('delays each chunk from when it came, and the end no longer than the data', async () => {
    const bench = new Bench([{ type: 'latency', attributes: { latency: 100 } }]);
    bench.push('a');
    await bench.clock.advance(30);
    bench.push('b');
    bench.end();
    expect(bench.held).toBe(2);
    await bench.clock.advance(200);
    expect(bench.out).toEqual([
      { atMs: 100, bytes: 'a' },
      { atMs: 130, bytes: 'b' },
    ]);
    expect([bench.held, bench.endedMs]).toEqual([0, 130]);
  });

  it('adds up along a chain', async () => {
    const bench = new Bench([
      { type: 'latency', attributes: { latency: 10 } },
      { type: 'latency', attributes: { latency: 25 } },
    ]);
    bench.push('a');
    await bench.clock.advance(100);
    expect(bench.out).toEqual([{ atMs: 35, bytes: 'a' }]);
  });

  it('varies by jitter, never before the chunk in front, by the place in the stream alone', async () => {
    const times = async (pieces: readonly string[]) => {
      const bench = new Bench([{ type: 'latency', attributes: { latency: 50, jitter: 40 } }]);
      for (const piece of pieces) {
        bench.push(piece);
        await bench.clock.advance(200);
      }
      return new Map(bench.out.map(({ bytes, atMs }, at) => [bytes[0], atMs - 200 * at]));
    };
    const whole = await times(['abcd', 'efgh', 'ijkl']);
    const cut = await times(['ab', 'cd', 'efgh', 'i', 'jkl']);
    for (const first of ['a', 'e', 'i']) expect(cut.get(first)).toBe(whole.get(first));
    expect(new Set(whole.values()).size).toBeGreaterThan(1);
    for (const delay of cut.values()) {
      expect(delay).toBeGreaterThanOrEqual(10);
      expect(delay).toBeLessThanOrEqual(90);
    }
  });

  it('is planned anew when it changes, and lets out what it holds when it goes', async () => {
    const bench = new Bench([{ type: 'latency', attributes: { latency: 100 } }]);
    bench.push('a');
    await bench.clock.advance(40);
    bench.stages[0]!.update({ latency: 60, jitter: 0 });
    await bench.clock.advance(20);
    expect(bench.out).toEqual([{ atMs: 60, bytes: 'a' }]);
    bench.push('b');
    bench.stages[0]!.leave();
    expect(bench.out[1]).toEqual({ atMs: 60, bytes: 'b' });
    expect(bench.held).toBe(0);
  });
});

describe('bandwidth', () => {
  it('lets through so many bytes a millisecond, in parts of 100 ms', async () => {
    const bench = new Bench([{ type: 'bandwidth', attributes: { rate: 2 } }]);
    bench.push('x'.repeat(500));
    bench.push('y'.repeat(10));
    await bench.clock.advance(1000);
    expect(bench.out.map(({ atMs, bytes }) => [atMs, bytes.length])).toEqual([
      [100, 200],
      [200, 200],
      [250, 100],
      [255, 10],
    ]);
    bench.push('z'.repeat(20));
    await bench.clock.advance(10);
    expect(bench.out.at(-1)!.atMs).toBe(1010);
  });
});

describe('slicer', () => {
  const slicer = { type: 'slicer', attributes: { average_size: 5, size_variation: 2, delay: 500 } } as const;

  it('cuts at the same places however the stream came, and waits between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }), async (sizes) => {
        const text = Array.from({ length: sizes.reduce((a, b) => a + b) }, (_, at) =>
          String.fromCharCode(33 + (at % 90)),
        ).join('');
        const whole = new Bench([slicer]);
        whole.push(text);
        await whole.clock.advance(1000);
        const cuts = cutsOf(whole);
        const pieces = new Bench([slicer]);
        let at = 0;
        for (const size of sizes) {
          pieces.push(text.slice(at, at + size));
          at += size;
        }
        await pieces.clock.advance(1000);
        expect(pieces.out.map(({ bytes }) => bytes).join('')).toBe(text);
        const arrivals = new Set(running(sizes));
        expect(cutsOf(pieces).filter((cut) => !arrivals.has(cut))).toEqual(cuts.filter((cut) => !arrivals.has(cut)));
        for (const { bytes } of whole.out.slice(0, -1)) {
          expect(bytes.length).toBeGreaterThanOrEqual(3);
          expect(bytes.length).toBeLessThanOrEqual(7);
        }
        // Half a millisecond apart.
        expect(whole.out.at(-1)!.atMs).toBeCloseTo((whole.out.length - 1) / 2, 6);
      }),
    );
  });

  const running = (sizes: readonly number[]) => sizes.map((_, at) => sizes.slice(0, at + 1).reduce((a, b) => a + b));
  const cutsOf = ({ out }: Bench) => running(out.map(({ bytes }) => bytes.length));

  it('passes all at once when slices have no size', () => {
    const bench = new Bench([{ type: 'slicer' }]);
    bench.push('hello');
    expect(bench.out).toEqual([{ atMs: 0, bytes: 'hello' }]);
  });
});

describe('ends', () => {
  it('slow_close delays the end alone', async () => {
    const bench = new Bench([{ type: 'slow_close', attributes: { delay: 70 } }]);
    bench.push('a');
    bench.end();
    await bench.clock.advance(69);
    expect([bench.out.length, bench.endedMs]).toEqual([1, undefined]);
    await bench.clock.advance(1);
    expect(bench.endedMs).toBe(70);
  });

  it('timeout drops data and ends so long after it began', async () => {
    const bench = new Bench([{ type: 'timeout', attributes: { timeout: 40 } }]);
    await bench.clock.advance(30);
    bench.push('a');
    await bench.clock.advance(10);
    expect([bench.out.length, bench.endedMs]).toEqual([0, 40]);
  });

  it('limit_data counts over all chunks and delivers what it let through, delays included', async () => {
    const bench = new Bench([
      { type: 'limit_data', attributes: { bytes: 7 } },
      { type: 'latency', attributes: { latency: 20 } },
    ]);
    bench.push('hello');
    bench.push('world');
    await bench.clock.advance(20);
    expect(bench.out.map(({ bytes }) => bytes)).toEqual(['hello', 'wo']);
    expect(bench.endedMs).toBe(20);
  });

  it('reset_peer counts from the first data', async () => {
    const bench = new Bench([{ type: 'reset_peer', attributes: { timeout: 15 } }]);
    await bench.clock.advance(100);
    expect(bench.endedMs).toBeUndefined();
    bench.push('a');
    await bench.clock.advance(15);
    expect([bench.out.length, bench.endedMs]).toEqual([0, 115]);
  });
});
