import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runFileProcess } from './file-process.mjs';
import { measureComparison, measureFigure } from './measure.mjs';
import { choosePackages, parseOptions, record, refuseNothing } from './run-benchmarks.mjs';
import { spread } from './statistics.mjs';
import { replaceSection, rowAsData, terminalTable } from './table.mjs';
import { checkWorkloads, holds } from './workload.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Two sides on a clock that only they move: ours takes `ours` ms, the peer `peer` ms, of wall and of CPU time.
 *
 * @param {{ ours?: number, peer?: number, equal?: boolean, metric?: import('./workload.mjs').Metric, absent?: string }} options
 */
function scene({ ours = 1, peer = 1, equal = true, metric = 'cpu', absent }) {
  let now = 0;
  /** @type {string[]} */
  const log = [];
  const run = (/** @type {string} */ name, /** @type {number} */ ms) => () => {
    log.push(name);
    now += ms;
    return name;
  };
  /** @type {import('./measure.mjs').Meter} */
  const meter = { cpuMs: () => now, wallMs: () => now, settle: () => {}, peakRssMb: () => 50 };
  /** @type {import('./workload.mjs').Comparison} */
  const comparison = {
    workload: 'work',
    size: '1 piece',
    metric,
    target: { atMost: 2 },
    prepare: () => ({
      ours: { run: run('ours', ours) },
      peer:
        absent === undefined ? { name: 'rival', version: '1.0.0', run: run('peer', peer) } : { name: 'rival', absent },
      check(a, b) {
        log.push('check');
        if (!equal) throw new Error(`${a} is not ${b}`);
        return 'same names';
      },
      dispose: () => void log.push('dispose'),
    }),
  };
  return { comparison, meter, log };
}

const noMemory = () => Promise.reject(new Error('not asked for'));

describe('a spread', () => {
  it('has the middle sample, or the mean of the two middle ones, and the range', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spread([4, 1, 2, 10])).toEqual({ median: 3, min: 1, max: 10 });
    expect(() => spread([])).toThrow(RangeError);
  });

  it('has as many samples below its median as above, whatever their order', () => {
    const samples = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(samples, (values) => {
        const { median, min, max } = spread(values);
        const below = values.filter((value) => value < median).length;
        const above = values.filter((value) => value > median).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
        expect(values.every((value) => value >= min && value <= max)).toBe(true);
      }),
    );
  });
});

describe('a comparison', () => {
  it('checks equality before it times anything, and disposes of what it made', async () => {
    const { comparison, meter, log } = scene({});
    await measureComparison(comparison, true, meter, noMemory);
    expect(log.slice(0, 3)).toEqual(['ours', 'peer', 'check']);
    expect(log.at(-1)).toBe('dispose');
  });

  it('is not timed when the results differ', async () => {
    const { comparison, meter, log } = scene({ equal: false });
    await expect(measureComparison(comparison, true, meter, noMemory)).rejects.toThrow('ours is not peer');
    expect(log).toEqual(['ours', 'peer', 'check', 'dispose']);
  });

  it('runs both sides in turn, the order alternating, equally often', async () => {
    const { comparison, meter, log } = scene({ ours: 400, peer: 400 });
    await measureComparison(comparison, true, meter, noMemory);
    const timed = log.slice(3, -1);
    expect(timed.slice(0, 2)).toEqual(['ours', 'peer']);
    expect(timed.slice(2)).toEqual(['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
  });

  it('gives the ratio of medians in its metric, held against the target', async () => {
    const cpu = scene({ ours: 30, peer: 10 });
    expect(await measureComparison(cpu.comparison, true, cpu.meter, noMemory)).toMatchObject({
      ratio: 3,
      holds: false,
    });
    const speedup = scene({ ours: 10, peer: 15, metric: 'speedup' });
    expect(await measureComparison(speedup.comparison, true, speedup.meter, noMemory)).toMatchObject({
      ratio: 1.5,
      holds: true,
    });
    const memory = scene({ metric: 'memory' });
    const apart = (/** @type {string} */ side) => Promise.resolve(side === 'ours' ? [80, 90, 100] : [60, 60, 61]);
    expect(await measureComparison(memory.comparison, true, memory.meter, apart)).toMatchObject({ ratio: 1.5 });
  });

  it('measures ours alone and says so when the peer is absent', async () => {
    const { comparison, meter, log } = scene({ absent: 'not installed: npm ci in bench' });
    const row = await measureComparison(comparison, true, meter, noMemory);
    expect(row).toMatchObject({
      peer: { name: 'rival', absent: 'not installed: npm ci in bench' },
      ratio: undefined,
      holds: undefined,
    });
    expect(row.ours.cpuMs.median).toBe(1);
    expect(log).not.toContain('check');
    expect(terminalTable([row])).toContain('rival absent: not installed');
  });

  it('adds the CPU time of children that a side reports', async () => {
    const { comparison, meter } = scene({ ours: 10, peer: 10 });
    const { prepare } = comparison;
    comparison.prepare = async (options) => {
      const prepared = await prepare(options);
      return { ...prepared, ours: { ...prepared.ours, childCpuMs: () => 5 } };
    };
    expect(await measureComparison(comparison, true, meter, noMemory)).toMatchObject({ ratio: 1.5 });
  });
});

describe('a figure', () => {
  it('is held against its target', async () => {
    const figure = { workload: 'cap', size: '5 s', unit: '%', target: { atLeast: 47, atMost: 53 } };
    const measure = (/** @type {number} */ value) => () => ({ value, checked: 'by hand' });
    expect(await measureFigure({ ...figure, measure: measure(50) }, true)).toMatchObject({ value: 50, holds: true });
    expect(await measureFigure({ ...figure, measure: measure(46.9) }, true)).toMatchObject({ holds: false });
    await expect(measureFigure({ ...figure, measure: measure(Number.NaN) }, true)).rejects.toThrow('NaN');
  });

  it('without a target is only shown', () => {
    expect(holds(1, undefined)).toBeUndefined();
  });
});

describe('a benchmark file', () => {
  it.each([
    [{}, 'must be an array'],
    [[null], 'needs the texts'],
    [[{ workload: 'a', size: 'b' }], 'needs `prepare`'],
    [[{ workload: 'a', size: 'b', prepare() {}, metric: 'time' }], 'must be one of cpu, speedup, memory'],
    [[{ workload: 'a', size: 'b', measure() {} }], 'needs the text `unit`'],
  ])('%j is refused', (exported, problem) => {
    expect(() => checkWorkloads(exported, 'x.bench.mjs')).toThrow(problem);
  });

  it('runs in a fresh process with the garbage collector at hand, rows in order, memory of each side apart', {
    timeout: 60_000,
  }, async () => {
    const file = join(folder, 'real.bench.mjs');
    writeFileSync(
      file,
      `const sum = (bytes) => new Uint8Array(bytes).fill(1).length;
       export default [
         { workload: 'sum', size: 'big', metric: 'memory', prepare: () => ({
             ours: { run: () => sum(150_000_000) }, peer: { name: 'small', version: '1', run: () => sum(1_000) * 150_000 },
             check: (a, b) => { if (a !== b) throw new Error('differ'); return 'same sum'; } }) },
         { workload: 'unequal', size: '1', metric: 'cpu', prepare: () => ({
             ours: { run: () => 1 }, peer: { name: 'two', version: '1', run: () => 2 }, check() { throw new Error('1 is not 2'); } }) },
         { workload: 'gc', size: '1', unit: 'functions', measure: () => ({ value: typeof gc === 'function' ? 1 : 0, checked: 'typeof gc' }) },
       ];`,
    );
    /** @type {import('./measure.mjs').Row[]} */
    const rows = [];
    await runFileProcess({ file, quick: true, only: undefined }, (message) => {
      if ('row' in message) rows.push(message.row);
    });
    expect(rows.map(({ workload }) => workload)).toEqual(['sum', 'unequal', 'gc']);
    const [memory, unequal, gc] = rows;
    expect(memory).toMatchObject({ checked: 'same sum' });
    const [ours, peer] =
      memory !== undefined && 'ours' in memory && memory.peer.absent === undefined ? [memory.ours, memory.peer] : [];
    expect(Number(ours?.peakRssMb.median) - Number(peer?.peakRssMb.median)).toBeGreaterThan(100);
    expect(unequal).toMatchObject({ error: expect.stringContaining('1 is not 2') });
    expect(gc).toMatchObject({ value: 1 });
    await runFileProcess({ file, quick: true, only: 'GC' }, (message) => {
      if ('row' in message) rows.push(message.row);
    });
    expect(rows.slice(3)).toEqual([gc]);
  });

  it('that does not load ends its process with an error', { timeout: 60_000 }, async () => {
    writeFileSync(join(folder, 'bad.bench.mjs'), 'process.exit(3);');
    await expect(
      runFileProcess({ file: join(folder, 'bad.bench.mjs'), quick: true, only: undefined }, () => {}),
    ).rejects.toThrow('code 3');
  });
});

describe('the runner', () => {
  it('takes packages and options, and refuses what it does not know', () => {
    expect(parseOptions(['shared-core', '--quick', '--only', 'sum'])).toEqual({
      packages: ['shared-core'],
      quick: true,
      only: 'sum',
      strict: false,
    });
    expect(() => parseOptions(['--fast'])).toThrow('Usage: npm run bench');
    expect(() => choosePackages([], ['nothing'])).toThrow('No package is named nothing');
  });

  it('refuses to have measured nothing', () => {
    expect(() => refuseNothing('no such workload', 0)).toThrow('"no such workload"');
    expect(() => refuseNothing('sum', 1)).not.toThrow();
    expect(() => refuseNothing(undefined, 0)).not.toThrow();
  });

  it('rewrites the section of one package alone', () => {
    const figure = {
      workload: 'a | b',
      size: '1',
      unit: 'ms',
      value: 12.345,
      target: { atMost: 13 },
      holds: true,
      checked: 'clock',
    };
    mkdirSync(join(folder, 'docs'));
    record(folder, 'zeta', [figure]);
    record(folder, 'alpha', [figure]);
    const first = readFileSync(join(folder, 'docs', 'benchmarks.md'), 'utf8');
    expect(first.indexOf('## alpha')).toBeLessThan(first.indexOf('## zeta'));
    expect(first).toContain('| a \\| b, 1 |  |  | 12.3 ms | ≤ 13 | yes | clock |');
    record(folder, 'alpha', [{ ...figure, value: 5 }]);
    const second = readFileSync(join(folder, 'docs', 'benchmarks.md'), 'utf8');
    expect(second.slice(second.indexOf('## zeta'))).toBe(first.slice(first.indexOf('## zeta')));
    expect(second).toContain('5 ms');
    expect(second.match(/^# Benchmarks$/gm)).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(folder, 'docs', 'benchmarks', 'alpha.json'), 'utf8'))).toEqual([
      { ...figure, value: 5 },
    ]);
  });

  it('keeps rewriting stable: the same section twice changes nothing', () => {
    const once = replaceSection('', 'a', '## a\n\ntext\n');
    expect(replaceSection(once, 'a', '## a\n\ntext\n')).toBe(once);
  });

  it('keeps medians and ranges as data', async () => {
    const { comparison, meter } = scene({ ours: 30, peer: 10 });
    const data = rowAsData(await measureComparison(comparison, true, meter, noMemory));
    expect(data).toMatchObject({
      workload: 'work',
      size: '1 piece',
      ours: { cpuMs: 30, wallMs: 30, peakRssMb: 50, ranges: { cpuMs: [30, 30] } },
      peer: { name: 'rival', version: '1.0.0', cpuMs: 10 },
      ratio: 3,
      metric: 'cpu',
      target: { atMost: 2 },
      holds: false,
      checked: 'same names',
    });
  });
});
