import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/crypto/index.js';

const json = fc
  .jsonValue({ noUnicodeString: false, maxDepth: 5 })
  .filter((value) => !/\\ud[89a-f]/.test(JSON.stringify(value)));

/** RFC 8785 for values whose parts JSON.stringify prints: members sorted, no blanks. */
function oracle(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oracle).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${oracle(member)}`).join(',')}}`;
}

describe('canonical JSON', () => {
  it('is what the recursive definition says, and reads back as the value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(text).toBe(oracle(value));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });

  it('prints every number as ECMAScript does, and reads it back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(canonicalJson(value)).toBe(String(Object.is(value, -0) ? 0 : value));
        expect(Number(canonicalJson(value)) === value).toBe(true);
      }),
    );
  });
});
