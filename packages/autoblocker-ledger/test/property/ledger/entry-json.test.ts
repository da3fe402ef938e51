import { canonicalJson } from '@tenstrip/shared-core/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntry, type LedgerEntry, saltBytes } from '../../../src/ledger/ledger-entry.js';

describe('the bytes of an entry', () => {
  it('are the canonical JSON that the library prints, or what it refuses', () => {
    const value = fc.jsonValue({ noUnicodeString: false, maxDepth: 4 });
    const odd = fc.constantFrom('\ud800', '\\ud800', 'a\udc00b', Number.NaN, undefined, new Date(0));
    const part = fc.dictionary(fc.string(), fc.oneof(value, odd), { maxKeys: 6 });
    fc.assert(
      fc.property(part, (personal) => {
        const entry = { class: 'revocation', fact: { time: 1, recordedAt: 2 }, personal } as unknown as LedgerEntry;
        let expected: string | undefined;
        try {
          expected = canonicalJson(personal);
        } catch {
          expected = undefined;
        }
        if (expected === undefined) {
          expect(() => encodeEntry(entry, new Uint8Array(saltBytes))).toThrow();
          return;
        }
        const { erasable } = encodeEntry(entry, new Uint8Array(saltBytes));
        expect(Buffer.from(erasable!.subarray(saltBytes)).toString('utf8')).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
