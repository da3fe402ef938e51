import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/determinism/index.js';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { Durations } from '../../../src/governor/statistics.js';

describe('statistics', () => {
  it('are one plain object that adds up the children, open and closed', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ clock });
    const [a, b] = [governor.child('a'), governor.child('b')];
    await a.run({ name: 'one', ioOps: 2, ioBytes: 5 }, () => 1);
    await b.run('two', (op) => op.io({ bytes: 7 })).catch(() => {});
    await b.run('three', () => Promise.reject(new Error('on purpose'))).catch(() => {});
    await a.close();
    const statistics = governor.statistics();
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
    expect(statistics).toMatchObject({ admitted: 3, completed: 2, failed: 1, ioOps: 2, ioBytes: 12 });
    expect(statistics.children.b).toMatchObject({ admitted: 2, completed: 1, failed: 1, ioBytes: 7, children: {} });
  });

  it('tell how long operations waited and ran', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ maxConcurrency: 1, clock });
    const calls = [100, 200, 300].map((ms) => governor.run('sleeps', (op) => op.clock.sleep(ms)));
    await clock.advance(600);
    await Promise.all(calls);
    const { queueMs, runMs } = governor.statistics();
    expect(queueMs).toMatchObject({ count: 3, min: 0 });
    expect(queueMs.mean / (400 / 3)).toBeCloseTo(1, 1);
    expect(queueMs.max / 300).toBeCloseTo(1, 1);
    expect(runMs.min / 100).toBeCloseTo(1, 1);
    expect(runMs.p50 / 200).toBeCloseTo(1, 1);
    expect(runMs.max / 300).toBeCloseTo(1, 1);
  });
});

describe('durations', () => {
  it('are within one percent of the sorted list, zeros among them', () => {
    const durations = new Durations();
    const list: number[] = [];
    for (let index = 0; index < 1000; index++) {
      const ms = index % 4 === 0 ? 0 : 0.05 * 1.008 ** index;
      durations.record(ms);
      list.push(ms);
    }
    list.sort((a, b) => a - b);
    const { count, min, mean, max, ...quantiles } = durations.quantiles();
    expect([count, min]).toEqual([1000, 0]);
    expect(mean / (list.reduce((sum, ms) => sum + ms, 0) / 1000)).toBeCloseTo(1, 1);
    expect(max / list.at(-1)!).toBeCloseTo(1, 1);
    for (const [name, part] of [
      ['p50', 0.5],
      ['p90', 0.9],
      ['p99', 0.99],
    ] as const) {
      expect(Math.abs(quantiles[name] / list[Math.ceil(part * 1000) - 1]! - 1)).toBeLessThan(0.02);
    }
  });

  it('are all zero when nothing was recorded, or nothing but zeros', () => {
    const durations = new Durations();
    const zero = { min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
    expect(durations.quantiles()).toEqual({ count: 0, ...zero });
    durations.recordZero();
    expect(durations.quantiles()).toEqual({ count: 1, ...zero });
  });
});
