// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of experiments are written so.
// Which values are within which tolerance, as Chaos Toolkit's library decides it. The cases are those of its suite
// (chaostoolkit/chaostoolkit-lib at 72f814b, tests/test_tolerance.py and tests/test_substitution.py; Apache-2.0), told anew.

import { describe, expect, it } from 'vitest';
import { substitute } from '../../src/experiment/substitution.js';
import { toleranceIssues, withinTolerance } from '../../src/experiment/tolerance.js';

const within = async (
  tolerance: unknown,
  value: unknown,
  configuration: Record<string, unknown> = {},
): Promise<boolean> => {
  expect(toleranceIssues(tolerance)).toEqual([]);
  const probe = async (rule: Readonly<Record<string, unknown>>, measured: unknown) =>
    (rule.provider as { check(value: unknown): unknown }).check(measured);
  return (await withinTolerance(tolerance, value, { configuration, secrets: {}, limitMs: 1000, probe })).met;
};

const web = (body: unknown) => ({ status: 200, headers: { 'Content-Type': 'text/plain' }, body });
const program = (stdout: string, stderr = '') => ({ status: 0, stdout, stderr });
const digits = (target?: string) => ({
  type: 'regex',
  pattern: '[0-9]{2}',
  ...(target === undefined ? {} : { target }),
});
const range = (low: number, high: number) => ({ type: 'range', target: 'body', range: [low, high] });
const path = (text: string, more: object = {}) => ({ type: 'jsonpath', path: text, ...more });
const listed = { foo: [{ baz: 1 }, { baz: 2 }] };
const inRange = (low: number, high: number) => ({
  type: 'probe',
  name: 'must-be-in-range',
  provider: { check: (value: { body: string }) => low <= Number(value.body) && Number(value.body) <= high },
});

describe('a value is within a tolerance', () => {
  it.each<[string, unknown, unknown, boolean]>([
    ['an equal number', 6, 6, true],
    ['another number', 6, 7, false],
    ['a status', 6, { status: 6 }, true],
    ['another status', 6, { status: 7 }, false],
    ['a status of a list', [5, 6], { status: 6 }, true],
    ['a status between two of a list, which for a status are no bounds', [5, 7], { status: 6 }, false],
    ['a value between two of a list, which are bounds', [5, 7], 6, true],
    ['a value beyond the bounds', [5, 7], 8, false],
    ['a value of three', [1, 2, 6], 6, true],
    ['no value of three', [1, 2, 6], 5, false],
    ['true', true, true, true],
    ['false for true', true, false, false],
    ['an equal text', 'hello', 'hello', true],
    ['another text', 'hello', 'not hello', false],
    ['a text that a pattern finds', digits(), 'you are number 87', true],
    ['a text that it does not find', digits(), 'you are number 8', false],
    ['standard output', digits('stdout'), program('you are number 87'), true],
    ['standard output that does not match', digits('stdout'), program('you are number 8'), false],
    ['standard error', digits('stderr'), program('', 'you are number 87'), true],
    ['standard error that does not match', digits('stderr'), program('', 'you are number 8'), false],
    ['standard output alone', digits('stdout'), program('you are number 87', 'you are number 8'), true],
    ['the body of an answer', digits('body'), web('you are number 87'), true],
    ['a number in a text', range(10, 800), web('580'), true],
    ['a number beyond a range', range(10, 800), web('1230'), false],
    ['a broken number', range(10.5, 800.89), web('580.5'), true],
    ['a broken number beyond a range', range(10.5, 800.89), web('1230.7'), false],
    ['a broken number in mixed bounds', range(10, 800.8), web('580.4'), true],
    ['what is no number', range(6, 8), web('bad'), false],
    ['what a probe says is', inRange(6, 8), web('7'), true],
    ['what a probe says is not', inRange(6, 8), web('9'), false],
    ['elements that have a member', path('$.foo.*[?(@.baz)]'), listed, true],
    ['nothing at a path', path('$.notsofoo.*[?(@.baz)].baz'), listed, false],
    ['an expected value', path('$.foo[?(@.baz)].baz', { expect: 'hello' }), { foo: { baz: 'hello' } }, true],
    ['an expected list', path('$.foo[?(@.baz)].baz', { expect: [['a', 'b']] }), { foo: { baz: ['a', 'b'] } }, true],
    [
      'an expected list of lists',
      path('$.foo[?(@.baz)].baz', { expect: [[['a'], ['b']]] }),
      { foo: { baz: [['a'], ['b']] } },
      true,
    ],
    ['expected nothing', path('$.foo[?(@.baz)].baz', { expect: [] }), { foo: { jon: 'boom' } }, true],
    ['an object by a value', path('$.foo[?(@.baz="hello")]', { count: 1 }), { foo: { baz: 'hello' } }, true],
    ['no object by a value', path('$.foo[?(@.baz="bonjour")]', { count: 1 }), { foo: { baz: 'hello' } }, false],
    [
      'expected values',
      path('$.foo.*[?(@.baz)].baz', { expect: ['a', 'b'] }),
      { foo: [{ baz: 'a' }, { baz: 'b' }] },
      true,
    ],
    ['one by a value', path('$.foo.*[?(@.baz=2)]', { count: 1 }), listed, true],
    ['a count', path('$.foo.*[?(@.baz)]', { count: 2 }), listed, true],
    ['a count by a value', path('$.foo.*[?(@.baz=4)]', { count: 2 }), { foo: [{ baz: 4 }, { baz: 4 }] }, true],
    ['JSON in a text', path('$.foo[*].baz'), JSON.stringify(listed), true],
    ['JSON in bytes', path('$.foo[*].baz'), Buffer.from(JSON.stringify(listed)), true],
  ])('%s', async (_, tolerance, value, expected) => {
    expect(await within(tolerance, value)).toBe(expected);
  });

  it.each<[string, unknown, unknown, Record<string, unknown>, boolean]>([
    ['a path', path('$.foo[?(@.baz="${msg}")]', { count: 1 }), { foo: { baz: 'hello' } }, { msg: 'hello' }, true],
    ['another path', path('$.foo[?(@.baz="${msg}")]', { count: 1 }), { foo: { baz: 'hello' } }, { msg: 'no' }, false],
    ['a pattern', { type: 'regex', pattern: '${msg}' }, 'jane said hello at sunrise', { msg: 'hello' }, true],
    ['another pattern', { type: 'regex', pattern: '${msg}' }, 'jane said hello at sunrise', { msg: 'no' }, false],
    [
      'a pattern beside an escaped dollar',
      { type: 'regex', pattern: '^[0-9] \\$\\{level\\} ${msg} - done$' },
      '1 ${level} hello - done',
      { msg: 'hello' },
      true,
    ],
    [
      'an expected value',
      path('$.RecordData[0]', { expect: ['my.${env}.site'] }),
      { RecordData: ['my.dev.site'] },
      { env: 'dev' },
      true,
    ],
  ])('with a variable in %s', async (_, tolerance, value, configuration, expected) => {
    expect(await within(tolerance, value, configuration)).toBe(expected);
  });
});

describe('a tolerance is refused', () => {
  it.each<[string, unknown, string]>([
    ['of an unknown type', { type: 'boom' }, 'type'],
    ['without its pattern', { type: 'regex', target: 'stdout' }, 'pattern'],
    ['with a pattern that is no text', { type: 'regex', pattern: null }, 'pattern'],
    ['with a broken pattern', { type: 'regex', pattern: '[0-9' }, 'pattern'],
    ['with an empty path', { type: 'jsonpath', path: '' }, 'path'],
    ['with a broken path', { type: 'jsonpath', path: '$.a[' }, 'path'],
    ['with a low bound that is no number', { type: 'range', range: ['a', 6] }, 'range'],
    ['with a high bound that is no number', { type: 'range', range: [6, 'b'] }, 'range'],
    ['with one bound', { type: 'range', range: [6] }, 'range'],
  ])('%s', (_, tolerance, key) => {
    expect(toleranceIssues(tolerance).map((issue) => issue.path)).toEqual([[key]]);
  });
});

describe('a variable', () => {
  const config = { name: 'Jane', age: 34, nested: { one: 'a', more: { list: [1, 2, 3] } } };
  it.each<[string, unknown, unknown]>([
    ['within a text', 'hello ${name}', 'hello Jane'],
    ['without braces', 'hello $name', 'hello Jane'],
    ['within a map', { message: ['hello ${name}'] }, { message: ['hello Jane'] }],
    ['that nobody defined', 'hello ${firstname}', 'hello ${firstname}'],
    ['alone, with its type', '${age}', 34],
    ['alone, a map', '${nested}', { one: 'a', more: { list: [1, 2, 3] } }],
    ['within a text, as text', 'hello ${age}', 'hello 34'],
    ['escaped', 'a $$name', 'a $name'],
  ])('%s', (_, value, expected) => {
    expect(substitute(value, config, {})).toEqual(expected);
  });

  it('is taken from the configuration before any secret', () => {
    expect(substitute('${name}', {}, { ident: { name: 'Joe' } })).toBe('Joe');
    expect(substitute('${name}', config, { ident: { name: 'Joe' } })).toBe('Jane');
  });
});
