import { canonicalJson, sha256 } from '@tenstrip/shared-core/crypto';
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

  it('are that too where they are put together member by member', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\ud800', '\\ud800', 'a"b\\', '\u0000\u2028', '"personal":""'),
    );
    const number = fc.oneof(fc.nat(), fc.double());
    const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
    const line = fc.record({
      digest: text,
      line: maybe(text),
      offset: maybe(fc.nat()),
      source: maybe(text),
      time: fc.oneof(fc.nat(), fc.constant(Number.NaN)),
    });
    const evidence = { evidence: fc.array(line, { maxLength: 3 }), overflow: maybe(text) };
    const target = fc.oneof(
      fc.record({ kind: fc.constantFrom('ip', 'user'), value: text }),
      fc.record({ kind: fc.constant('certificate'), spkiSha256: text }),
    );
    const accusation = fc.record({ ...evidence, reason: text, target });
    const rail = fc.record({ code: fc.constant('RATE'), detail: text });
    const facts = {
      time: number,
      recordedAt: number,
      scenario: fc.record({ name: text, version: text }),
      score: number,
      eventCount: number,
    };
    const entries = fc.oneof(
      fc.record({
        class: fc.constant('decision'),
        fact: fc.record({
          ...facts,
          action: fc.constant('ban'),
          domains: fc.oneof(fc.constant('all'), fc.array(text, { maxLength: 2 })),
          origin: fc.constant('scenario'),
          from: number,
          until: fc.option(number),
          held: fc.constant('active'),
          earlier: maybe(fc.nat()),
          rail: maybe(rail),
        }),
        personal: maybe(accusation),
      }),
      fc.record({
        class: fc.constant('extension'),
        fact: fc.record({ ...facts, decision: text, until: fc.option(number) }),
        personal: maybe(fc.record(evidence)),
      }),
      fc.record({
        class: fc.constant('refusal'),
        fact: fc.record({ ...facts, code: text, detail: text }),
        personal: maybe(accusation),
      }),
    );
    fc.assert(
      fc.property(entries, (made) => {
        const entry = made as unknown as LedgerEntry;
        const said = () => {
          const { class: kind, fact, personal } = entry;
          const part = personal === undefined ? undefined : Buffer.from(canonicalJson(personal));
          const erasable = part === undefined ? undefined : Buffer.concat([new Uint8Array(saltBytes), part]);
          const commitment = erasable === undefined ? {} : { personal: Buffer.from(sha256(erasable)).toString('hex') };
          return { entry: Buffer.from(canonicalJson({ v: 1, class: kind, ...fact, ...commitment })), erasable };
        };
        let expected: ReturnType<typeof said> | undefined;
        try {
          expected = said();
        } catch {
          expect(() => encodeEntry(entry, new Uint8Array(saltBytes))).toThrow();
          return;
        }
        const bytes = encodeEntry(entry, new Uint8Array(saltBytes));
        expect(Buffer.from(bytes.entry).toString()).toBe(expected.entry.toString());
        expect(bytes.erasable === undefined).toBe(expected.erasable === undefined);
        expect(Buffer.from(bytes.erasable ?? []).toString()).toBe(Buffer.from(expected.erasable ?? []).toString());
      }),
      { numRuns: 1000 },
    );
  });
});
