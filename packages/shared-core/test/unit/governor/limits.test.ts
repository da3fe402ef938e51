import { describe, expect, it } from 'vitest';
import { isTenstripError, type TenstripError } from '../../../src/errors/index.js';
import { production, ResourceGovernor, testing } from '../../../src/governor/index.js';

function errorOf(make: () => unknown): TenstripError {
  try {
    make();
  } catch (error) {
    if (isTenstripError(error, 'GovernorLimitsInvalid')) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function wrongKeys(error: TenstripError): string[] {
  return (error.details.problems as { key: string }[]).map(({ key }) => key).sort();
}

describe('limits', () => {
  it('name every wrong key at once, with its value', () => {
    const wrong = {
      cpuPercent: -1,
      ramBytes: Number.NaN,
      maxConcurrency: 1.5,
      maxQueue: -1,
      ioBurstOps: 0,
      weight: 0,
      deadlineMs: '5' as unknown as number,
      cpuPercentage: 20,
      deterministic: { seed: Number.NaN },
      sandbox: { grants: { 'fs.reed': true } },
      clock: {} as never,
    };
    const error = errorOf(() => new ResourceGovernor(wrong as object));
    expect(wrongKeys(error)).toEqual(
      [
        ...['clock', 'cpuPercent', 'cpuPercentage', 'deadlineMs', 'deterministic.seed', 'ioBurstOps', 'maxConcurrency'],
        ...['maxQueue', 'ramBytes', 'sandbox.grants.fs.reed', 'weight'],
      ].sort(),
    );
    expect(error.message).toContain('cpuPercent is -1');
    expect(error.message).toContain('deadlineMs is "5"');
  });

  it('of a child take no options of a root', () => {
    const governor = new ResourceGovernor();
    const error = errorOf(() => governor.child('child', { cpuPercent: 0, name: 'x' } as never));
    expect(wrongKeys(error)).toEqual(['cpuPercent', 'name']);
    expect(governor.statistics().children).toEqual({});
  });

  it('may be left out, or undefined, or infinite where that means none', () => {
    const governor = new ResourceGovernor({ maxConcurrency: Number.POSITIVE_INFINITY, maxQueue: 0 });
    expect(governor.limits).toEqual({ maxConcurrency: Number.POSITIVE_INFINITY, maxQueue: 0 });
    expect(() => new ResourceGovernor({ cpuPercent: undefined as never })).not.toThrow();
    expect(() => {
      (governor.limits as { maxQueue: number }).maxQueue = 5;
    }).toThrow(TypeError);
  });

  it('of an operation are checked too, and its call is refused as any other', async () => {
    const governor = new ResourceGovernor();
    const wrong = { name: 'x', ioOps: -1, reserveBytes: Number.POSITIVE_INFINITY, deadlineMs: Number.NaN };
    const error = await governor.run(wrong, () => 1).catch((thrown: unknown) => thrown);
    expect(isTenstripError(error, 'GovernorLimitsInvalid')).toBe(true);
    expect(wrongKeys(error as TenstripError)).toEqual(['deadlineMs', 'ioOps', 'reserveBytes']);
    await expect(governor.acquire({ ioBytes: -1 })).rejects.toMatchObject({ code: 'GovernorLimitsInvalid' });
    errorOf(() => governor.reserve(-1));
    errorOf(() => governor.io({ ops: Number.NaN }));
    expect(governor.statistics()).toMatchObject({ admitted: 0, running: 0, waiting: 0 });
  });

  it('give names to children that share one', () => {
    const governor = new ResourceGovernor();
    const names = ['log', 'log', 'log'].map((name) => governor.child(name).name);
    expect(names).toEqual(['log', 'log#2', 'log#3']);
    expect(Object.keys(governor.statistics().children)).toEqual(names);
  });
});

describe('presets', () => {
  it('are plain data that a governor takes', () => {
    for (const preset of [testing('seed'), production()]) {
      expect(JSON.parse(JSON.stringify(preset))).toEqual(preset);
      expect(() => new ResourceGovernor({ ...preset, maxQueue: 5 })).not.toThrow();
    }
  });

  it('tell how many threads the CPU cap allows', () => {
    expect(new ResourceGovernor(testing(1)).parallelism).toBe(1);
    expect(new ResourceGovernor({ cpuPercent: 30 }).parallelism).toBe(1);
    const cores = new ResourceGovernor().parallelism;
    expect(new ResourceGovernor({ cpuPercent: 1e6 }).parallelism).toBe(cores);
    expect(new ResourceGovernor({ cpuPercent: 1e6 }).child('small', { cpuPercent: 99 }).parallelism).toBe(1);
  });
});
