import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { assert, isTenstripError, TenstripError, unreachable } from '../../../src/errors/index.js';

type Code = 'QueueFull' | 'MemoryLimit';

describe('TenstripError', () => {
  it('carries code, message, details, cause and whether trying again helps', () => {
    const cause = new RangeError('inner');
    const error = new TenstripError<Code>('QueueFull', '3 wait already', {
      details: { waiting: 3 },
      cause,
      retryable: true,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      code: 'QueueFull',
      message: '3 wait already',
      details: { waiting: 3 },
      retryable: true,
    });
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('TenstripError: 3 wait already');
    expectTypeOf(error.code).toEqualTypeOf<Code>();
  });

  it('has no cause, no details and is final when nothing is said', () => {
    const error = new TenstripError('QueueFull', 'full');
    expect('cause' in error).toBe(false);
    expect(error.details).toEqual({});
    expect(error.retryable).toBe(false);
  });

  it('is recognised by brand, so that another copy of the package agrees', async () => {
    const url = new URL('../../../src/errors/tenstrip-error.ts?copy', import.meta.url).href;
    const other = (await import(/* @vite-ignore */ url)) as typeof import('../../../src/errors/tenstrip-error.js');
    expect(other.TenstripError).not.toBe(TenstripError);
    const foreign = new other.TenstripError('QueueFull', 'full');
    expect(foreign).not.toBeInstanceOf(TenstripError);
    expect(isTenstripError(foreign)).toBe(true);
    expect(other.isTenstripError(new TenstripError('QueueFull', 'full'), 'QueueFull')).toBe(true);
  });

  it('is told from other values and by its codes', () => {
    const error: unknown = new TenstripError('QueueFull', 'full');
    expect(isTenstripError(error, 'MemoryLimit')).toBe(false);
    expect(isTenstripError(error, 'MemoryLimit', 'QueueFull')).toBe(true);
    for (const other of [new Error('QueueFull'), { code: 'QueueFull' }, null, undefined, 'QueueFull', 7]) {
      expect(isTenstripError(other)).toBe(false);
    }
    if (isTenstripError(error, 'QueueFull')) expectTypeOf(error.code).toEqualTypeOf<'QueueFull'>();
  });
});

describe('JSON of an error', () => {
  it('has no stack and no path of this machine', () => {
    const text = JSON.stringify(new TenstripError('KeyInvalid', 'short', { cause: new Error('inner') }));
    expect(text).not.toContain('stack');
    expect(text).not.toContain(import.meta.filename);
  });

  it('keeps what a system error knows', () => {
    const read = () => readFileSync('/no/such/file');
    expect(read).toThrow();
    try {
      read();
    } catch (cause) {
      expect(new TenstripError('LogUnavailable', 'cannot read', { cause }).toJSON().cause).toMatchObject({
        code: 'Error',
        details: { code: 'ENOENT', syscall: 'open', path: '/no/such/file' },
      });
    }
  });

  it('says what is not JSON in text that is', () => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle.self = circle;
    const details = {
      index: 2n ** 70n,
      bytes: Uint8Array.of(0, 255),
      date: new Date(0),
      ratio: Number.NaN,
      zero: -0,
      circle,
      shared: [circle.name, circle.name],
      call: () => 1,
      list: [undefined, () => 1, 1n],
      inner: new TenstripError('QueueFull', 'full', { details: { waiting: 3n } }),
      proto: JSON.parse('{"__proto__": 1}') as unknown,
    };
    const json = new TenstripError('KeyInvalid', 'odd', { details }).toJSON();
    expect(json.details).toEqual({
      index: '1180591620717411303424',
      bytes: '00ff',
      date: '1970-01-01T00:00:00.000Z',
      ratio: 'NaN',
      zero: 0,
      circle: { name: 'circle' },
      shared: ['circle', 'circle'],
      list: [null, null, '1'],
      inner: { code: 'QueueFull', message: 'full', details: { waiting: '3' }, retryable: false },
      proto: JSON.parse('{"__proto__": 1}'),
    });
  });

  it('keeps the errors of an AggregateError', () => {
    const cause = new AggregateError([new RangeError('a'), new TenstripError('QueueFull', 'b')], 'two');
    expect(new TenstripError('PluginFailed', 'both', { cause }).toJSON().cause?.details.errors).toMatchObject([
      { code: 'RangeError', message: 'a' },
      { code: 'QueueFull', message: 'b' },
    ]);
  });

  it('survives hostile details and causes', () => {
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 100_000; level++) deep = { deep };
    const itself = { toJSON: () => itself };
    const growing = { toJSON: () => ({ again: growing }) };
    const throwing = Object.defineProperty({}, 'x', { enumerable: true, get: () => assert(false, 'read') });
    const details = { deep, itself, growing, throwing, fine: 1 };
    const error = new TenstripError('KeyInvalid', 'hostile', { details, cause: Object.create(null) });
    expect(error.toJSON().details.fine).toBe(1);
    expect(error.toJSON().cause).toMatchObject({ code: 'Thrown', message: '[object Object]' });
    const loop = new Error('loop');
    loop.cause = loop;
    expect(JSON.stringify(new TenstripError('KeyInvalid', 'loop', { cause: loop })).match(/"loop"/g)).toHaveLength(8);
  });

  it('bounds the chain of causes of JSON that others wrote', () => {
    const text = '{"code":"A","message":"","details":{},"retryable":false,"cause":'.repeat(5000);
    const json = JSON.parse(`${text}null${'}'.repeat(5000)}`.replace('"cause":null', '"x":null'));
    let errors = 0;
    for (let error: unknown = TenstripError.fromJSON(json); error instanceof Error; error = error.cause) errors++;
    expect(errors).toBe(8);
  });
});

describe('what is no JSON of an error', () => {
  const sound = { code: 'A', message: 'b', details: {}, retryable: false };

  it.each([
    [null, 'code, message, details, retryable missing or wrong'],
    [undefined, 'code, message, details, retryable missing or wrong'],
    ['text', 'code, message, details, retryable missing or wrong'],
    [{}, 'made of {}: code'],
    [{ ...sound, details: null }, 'details missing or wrong'],
    [{ ...sound, retryable: 'yes' }, 'retryable missing or wrong'],
    [{ ...sound, cause: { code: 5 } }, 'made of {"code":5}'],
  ])('is refused: %j', (given, reason) => {
    expect(() => TenstripError.fromJSON(given as never)).toThrow(TypeError);
    expect(() => TenstripError.fromJSON(given as never)).toThrow(reason);
  });
});

describe('assert and unreachable', () => {
  it('throw plain errors: a programmer made them', () => {
    expect(() => assert(true, 'fine')).not.toThrow();
    expect(() => assert(0, 'zero is nothing')).toThrow('assertion failed: zero is nothing');
    expect(() => unreachable('here' as never)).toThrow('unreachable: here');
    const value: unknown = 'text';
    assert(typeof value === 'string', 'is text');
    expectTypeOf(value).toEqualTypeOf<string>();
  });
});
