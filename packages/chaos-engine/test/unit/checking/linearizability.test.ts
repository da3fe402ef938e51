import { ResourceGovernor, VirtualClock } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import {
  type CasRegisterOperation,
  casRegisterModel,
  checkLinearizable,
  type History,
  type HistoryEntry,
  HistoryRecorder,
  illegal,
  type KeyValueOperation,
  keyValueModel,
  type LockOperation,
  lockModel,
  type Model,
  type QueueOperation,
  queueModel,
  type RegisterOperation,
  registerModel,
  renderTimelineHtml,
  type SetOperation,
  setModel,
} from '../../../src/index.js';

/** Operations one after another: `[process, operation, result]`. */
function inTurn<Operation>(
  ...steps: readonly (readonly [string, Operation, unknown?])[]
): HistoryEntry<Operation, unknown>[] {
  return steps.map(([process, operation, result], at) => ({
    process,
    operation,
    result,
    call: 2 * at,
    return: 2 * at + 1,
    outcome: 'ok',
  }));
}

const write = (value: number): RegisterOperation => ({ f: 'write', value });
const read: RegisterOperation & SetOperation = { f: 'read' };
const verdictOf = <S, O>(model: Model<S, O, unknown>, history: History<O, unknown>) =>
  checkLinearizable(model, history).verdict;

describe('the models', () => {
  it('a register gives the last value written', () => {
    expect(verdictOf(registerModel(), inTurn(['a', read, null], ['a', write(1)], ['b', read, 1]))).toBe('ok');
    expect(verdictOf(registerModel(), inTurn(['a', write(1)], ['a', write(2)], ['b', read, 1]))).toBe('illegal');
    expect(verdictOf(registerModel(7), inTurn(['b', read, 7]))).toBe('ok');
  });

  it('compare-and-set takes place exactly when the value matches', () => {
    const cas = (from: number, to: number): CasRegisterOperation => ({ f: 'cas', from, to });
    const history = inTurn(['a', write(1)], ['a', cas(1, 2), true], ['b', cas(1, 3), false], ['b', read, 2]);
    expect(verdictOf(casRegisterModel(), history)).toBe('ok');
    expect(verdictOf(casRegisterModel(), inTurn(['a', write(1)], ['a', cas(1, 2), false]))).toBe('illegal');
  });

  it('a key-value store keeps its keys apart', () => {
    const put = (key: string, value: string): KeyValueOperation => ({ f: 'put', key, value });
    const get = (key: string): KeyValueOperation => ({ f: 'get', key });
    const append = (key: string, value: string): KeyValueOperation => ({ f: 'append', key, value });
    const good = inTurn(['a', put('x', '1')], ['b', append('x', '2')], ['c', get('x'), '12'], ['c', get('y'), null]);
    const { verdict, partitions } = checkLinearizable(keyValueModel(), good);
    expect([verdict, partitions.map(({ partition }) => partition)]).toEqual(['ok', ['x', 'y']]);
    const bad = inTurn(['a', put('x', '1')], ['a', { f: 'delete', key: 'x' }], ['c', get('x'), '1']);
    expect(verdictOf(keyValueModel(), bad)).toBe('illegal');
  });

  it('a queue gives its values in their order', () => {
    const put = (value: number): QueueOperation => ({ f: 'enqueue', value });
    const take: QueueOperation = { f: 'dequeue' };
    expect(
      verdictOf(queueModel(), inTurn(['a', put(1)], ['a', put(2)], ['b', take, 1], ['b', take, 2], ['b', take, null])),
    ).toBe('ok');
    expect(verdictOf(queueModel(), inTurn(['a', put(1)], ['a', put(2)], ['b', take, 2]))).toBe('illegal');
    expect(verdictOf(queueModel(), inTurn(['a', put(1)], ['b', take, null]))).toBe('illegal');
  });

  it('a lock has one owner', () => {
    const acquire = (owner: string): LockOperation => ({ f: 'acquire', owner });
    const release = (owner: string): LockOperation => ({ f: 'release', owner });
    expect(verdictOf(lockModel(), inTurn(['a', acquire('a')], ['a', release('a')], ['b', acquire('b')]))).toBe('ok');
    expect(verdictOf(lockModel(), inTurn(['a', acquire('a')], ['b', acquire('b')]))).toBe('illegal');
    expect(verdictOf(lockModel(), inTurn(['a', acquire('a')], ['b', release('b')]))).toBe('illegal');
  });

  it('a set is judged value by value unless it is read as a whole', () => {
    const add = (value: number): SetOperation => ({ f: 'add', value });
    const steps = inTurn(['a', add(1), true], ['b', add(2), true], ['b', add(1), false]);
    expect(checkLinearizable(setModel(), steps).partitions.length).toBe(2);
    const whole = checkLinearizable(setModel(), [...steps, { ...entry('c', read, 9, 10), result: [2, 1] }]);
    expect([whole.verdict, whole.partitions.length]).toEqual(['ok', 1]);
    expect(verdictOf(setModel(), [...steps, { ...entry('c', read, 9, 10), result: [2] }])).toBe('illegal');
  });

  it('may be of your own making', () => {
    const counter: Model<number, 'increment' | 'read', number> = {
      name: 'counter',
      initial: 0,
      step: (state, operation, result) =>
        operation === 'increment' ? state + 1 : typeof result === 'number' && result !== state ? illegal : state,
    };
    expect(verdictOf(counter as never, inTurn(['a', 'increment'], ['b', 'increment'], ['c', 'read', 2]))).toBe('ok');
    expect(verdictOf(counter as never, inTurn(['a', 'increment'], ['b', 'increment'], ['c', 'read', 1]))).toBe(
      'illegal',
    );
  });

  it('need a key when their states are not plain data', () => {
    const model: Model<Date, string, unknown> = { name: 'dates', initial: new Date(0), step: (state) => state };
    expect(() => checkLinearizable(model, [])).toThrow(/give it `key`/);
  });
});

function entry<Operation>(
  process: string,
  operation: Operation,
  call: number,
  returned?: number,
): HistoryEntry<Operation, unknown> {
  const outcome = returned === undefined ? 'unknown' : 'ok';
  return { process, operation, call, ...(returned === undefined ? {} : { return: returned }), outcome };
}

describe('time', () => {
  const overlapping: History<RegisterOperation, unknown> = [
    entry('a', write(1), 0, 10),
    { ...entry('b', read, 1, 2), result: 1 },
    { ...entry('b', read, 3, 4), result: null },
  ];

  it('a value that was read does not go away again', () => {
    expect(verdictOf(registerModel(), overlapping)).toBe('illegal');
    expect(verdictOf(registerModel(), overlapping.slice(0, 2))).toBe('ok');
  });

  it('operations at equal positions overlap', () => {
    const touching = [entry('a', write(1), 0, 5), entry('b', write(2), 5, 6), { ...entry('c', read, 7, 8), result: 1 }];
    expect(verdictOf(registerModel(), touching)).toBe('ok');
    const apart = [entry('a', write(1), 0, 4), ...touching.slice(1)];
    expect(verdictOf(registerModel(), apart)).toBe('illegal');
  });

  it('what is of unknown outcome may take place at any time after its call, or never, and not before', () => {
    const lost = entry('a', write(1), 5);
    const reads = (result: unknown, at: number) => ({ ...entry('b', read, at, at + 1), result });
    expect(verdictOf(registerModel(), [lost, reads(null, 6), reads(1, 80)])).toBe('ok');
    expect(verdictOf(registerModel(), [lost, reads(null, 6), reads(null, 80)])).toBe('ok');
    expect(verdictOf(registerModel(), [lost, reads(1, 0)])).toBe('illegal');
    expect(verdictOf(registerModel(), [lost, reads(1, 6), reads(null, 80)])).toBe('illegal');
  });

  it('what failed did not happen', () => {
    const failed = { ...entry('a', write(1), 0, 1), outcome: 'fail' as const };
    expect(verdictOf(registerModel(), [failed, { ...entry('b', read, 2, 3), result: 1 }])).toBe('illegal');
    expect(verdictOf(registerModel(), [failed, { ...entry('b', read, 2, 3), result: null }])).toBe('ok');
  });
});

describe('bounds', () => {
  /** Many writes at once and a read of what none wrote: every order has to be tried. */
  const hard = (key: string, count: number) => [
    ...Array.from({ length: count }, (_, at) => ({
      ...entry(`${key}${at}`, { f: 'put', key, value: at } as const, 0, 100),
    })),
    { ...entry(`${key}r`, { f: 'get', key } as const, 101, 102), result: -1 },
  ];

  it('a search that reaches a bound is unknown, and says which', () => {
    expect(checkLinearizable(keyValueModel(), hard('x', 24), { maxStates: 10_000 })).toMatchObject({
      verdict: 'unknown',
      reason: 'maxStates',
      states: 10_000,
    });
    const clock = new VirtualClock();
    const slow: typeof clock.monotonicMs = () => {
      void clock.advance(1);
      return elapsed++;
    };
    let elapsed = 0;
    const context = new ResourceGovernor({ clock: Object.assign(clock, { monotonicMs: slow }) }).context();
    expect(checkLinearizable(keyValueModel(), hard('x', 24), { timeoutMs: 5, context })).toMatchObject({
      verdict: 'unknown',
      reason: 'timeoutMs',
    });
  });

  it('a bad part is found without finishing a hard one', () => {
    const report = checkLinearizable(keyValueModel(), [...hard('hard', 24), ...hard('easy', 3)], {
      maxStates: 100_000,
    });
    expect(report.verdict).toBe('illegal');
    expect(report.failure?.partition).toBe('easy');
    expect(report.partitions.map(({ verdict }) => verdict)).toEqual(['unknown', 'illegal']);
  });

  it('stops with its operation', () => {
    const stop = new AbortController();
    const context = new ResourceGovernor().context({ signal: stop.signal });
    stop.abort();
    expect(() => checkLinearizable(keyValueModel(), hard('x', 24), { context })).toThrow(
      expect.objectContaining({ code: 'OperationAborted' }),
    );
  });

  it('options that are none are refused', () => {
    expect(() => checkLinearizable(registerModel(), [], { maxStates: 0 })).toThrow(/maxStates is 0/);
    expect(() => checkLinearizable(registerModel(), [], { timeoutMs: Number.NaN })).toThrow(/timeoutMs is NaN/);
  });

  it('a long history with few operations open is judged in one pass', () => {
    const recorder = new HistoryRecorder<RegisterOperation, unknown>();
    for (let at = 0; at < 20_000; at++) {
      const writing = recorder.call(at % 3, write(at));
      const reading = recorder.call('reader', read);
      writing.ok(undefined);
      reading.ok(at);
    }
    const { verdict, states } = checkLinearizable(registerModel(), recorder.history);
    expect(verdict).toBe('ok');
    expect(states).toBeLessThan(40_001);
  });
});

describe('an explanation', () => {
  it('shows the operations that contradict each other, on a line a process', () => {
    const history = [
      ...inTurn(['p', write(5)], ['p', read, 5], ['q', write(1)], ['r', write(2)], ['p', read, 1], ['q', write(3)]),
    ];
    const { failure } = checkLinearizable(registerModel(), history);
    expect(failure).toMatchObject({ partition: undefined, operations: [2, 3, 4], minimal: true });
    expect(failure!.prefix).toEqual({ endsBefore: 4, order: [0, 1, 2, 3], exact: true });
    expect(failure!.text).toBe(
      [
        'Not linearizable (register): these 3 cannot be ordered, even if the 2 others before had been at any other time, or never.',
        '',
        '  process q  ├ write(1) ┤',
        '  process r               ├ write(2) ┤',
        '  process p                            ├ read() → 1 ┤',
        '',
        'The longest linearizable prefix ends before operation 4 (process p) returned at 9; it holds 4 of 6 operations.',
        '',
      ].join('\n'),
    );
  });

  it('draws what overlapped as overlapping, and what did not return as open', () => {
    const history = [
      entry('a', write(1), 0),
      { ...entry('b', read, 1, 4), result: 1 },
      { ...entry('c', read, 2, 3), result: 1 },
      { ...entry('c', read, 5, 6), result: null },
    ];
    const { failure } = checkLinearizable(registerModel(), history);
    expect(failure!.operations).toEqual([2, 3]);
    expect(failure!.text).toContain('  process c  ├ read() → 1 ┤ ├ read() → null ┤');
  });

  it('is drawn as a page of its own, with what does not fit marked and every text escaped', () => {
    const model = { ...registerModel(), describe: () => '<script>' };
    const history = [entry('<a>', write(1), 0, 5), entry('b', write(2), 1), { ...entry('c', read, 6, 7), result: 1 }];
    const html = renderTimelineHtml(model, history, [0, 1, 2], new Set([2]));
    expect(html.match(/<span class="marked"/g)).toHaveLength(1);
    expect(html.match(/<span class="open"/g)).toHaveLength(1);
    expect(html).not.toContain('<script');
    expect(html).toContain('<th>&lt;a&gt;</th>');
    // What overlapped begins before the other ends.
    const [, second] = [...html.matchAll(/left:(\d+)ch/g)].map(([, from]) => Number(from));
    const [width] = [...html.matchAll(/width:(\d+)ch"/g)].map(([, columns]) => Number(columns));
    expect(second).toBeLessThan(width!);
  });

  it('is left out when nobody wants it', () => {
    const history = inTurn(['a', read, 3]);
    expect(checkLinearizable(registerModel(), history, { explain: false }).failure).toBeUndefined();
  });
});

describe('a history that is none', () => {
  const problemOf = (history: unknown) => {
    try {
      checkLinearizable(registerModel(), history as History<never, unknown>);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it.each([
    ['two open operations of a process', [entry('a', read, 0, 5), entry('a', read, 3, 6)], 1],
    ['no return of what is ok', [{ process: 'a', operation: read, call: 0, outcome: 'ok' }], 0],
    ['a return before the call', [entry('a', read, 5, 4)], 0],
    ['a call that is no number', [entry('a', read, Number.NaN, 4)], 0],
    ['an outcome that is none', [entry('a', read, 0, 1), { ...entry('b', read, 5, 7), outcome: 'info' }], 1],
    ['a hole', [undefined], 0],
    ['no array', { length: 1 }, 0],
  ])('%s', (_, history, index) => {
    expect(problemOf(history)).toMatchObject({ code: 'HistoryMalformed', details: { index } });
  });
});

describe('HistoryRecorder', () => {
  it('counts events, and takes the first end of an operation', async () => {
    const recorder = new HistoryRecorder<string, number>();
    const first = recorder.call('a', 'one');
    await recorder.record('b', 'two', async () => 2);
    await expect(recorder.record('b', 'three', () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    await expect(
      recorder.record(
        'b',
        'four',
        () => Promise.reject(new Error('refused')),
        () => true,
      ),
    ).rejects.toThrow();
    first.ok(1);
    first.fail();
    recorder.call('c', 'five');
    expect(recorder.history).toEqual([
      { process: 'a', operation: 'one', result: 1, call: 0, return: 7, outcome: 'ok' },
      { process: 'b', operation: 'two', result: 2, call: 1, return: 2, outcome: 'ok' },
      { process: 'b', operation: 'three', call: 3, return: 4, outcome: 'unknown' },
      { process: 'b', operation: 'four', call: 5, return: 6, outcome: 'fail' },
      { process: 'c', operation: 'five', call: 8, outcome: 'unknown' },
    ]);
  });
});
