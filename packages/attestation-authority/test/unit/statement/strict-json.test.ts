import { describe, expect, it } from 'vitest';
import { maximumDepth, maximumJsonBytes, parseStrictJson } from '../../../src/statement/index.js';

describe('JSON from strangers', () => {
  it('is read as JSON.parse reads it', () => {
    const text = ' {"a":[1,{"b":"x:y{[\\"\\\\"}],"c":null,"d":{"a":true},"é":"\\u0041"}\n';
    expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) });
    expect(parseStrictJson(Buffer.from(text))).toEqual({ value: JSON.parse(text) });
  });

  it.each([
    ['a name twice', '{"a":1,"a":1}'],
    ['a name twice, spelt otherwise', '{"a":1,"\\u0061":2}'],
    ['a name twice, deep inside', '[{"x":{"b":1,"c":2,"b":3}}]'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
  ])('is refused with %s', (_, text) => {
    expect(parseStrictJson(text).problem).toMatch(/twice/);
  });

  it('is read down to its depth and no deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseStrictJson(nested(maximumDepth)).problem).toBeUndefined();
    expect(parseStrictJson(nested(maximumDepth + 1)).problem).toMatch(/deeper/);
    expect(parseStrictJson('{"a":'.repeat(400_000)).problem).toMatch(/longer/);
    expect(parseStrictJson('[{"a":'.repeat(100_000)).problem).toMatch(/deeper/);
  });

  it('is refused when it is too long, no UTF-8, has a byte order mark, or is none', () => {
    expect(parseStrictJson(`"${'a'.repeat(maximumJsonBytes)}"`).problem).toMatch(/longer/);
    expect(parseStrictJson(Buffer.from([0x22, 0xff, 0x22])).problem).toBe('no UTF-8');
    expect(parseStrictJson(Buffer.from('\ufeff{}')).problem).toBe('no JSON');
    for (const text of ['', '{', '{"a":1}}', 'undefined', "{'a':1}", '"\\u00"']) {
      expect(parseStrictJson(text).problem).toBe('no JSON');
    }
  });
});
