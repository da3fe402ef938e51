import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/index.js';
import {
  decodeBase64,
  decodeCosignature,
  decodeEntryBundle,
  decodeTile,
  encodeBase64,
  encodeCosignature,
  encodeEntryBundle,
  encodeTile,
  parseCheckpoint,
  parseSignedNote,
  parseTilePath,
  parseTlogProof,
  parseTrustPolicy,
  parseVerifierKey,
  printCheckpoint,
  printSignedNote,
  printTilePath,
  printTlogProof,
  printTrustPolicy,
  printVerifierKey,
  type TrustPolicy,
  verifierKey,
} from '../../../src/transparency/index.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const line = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .map((text) => text.replaceAll(/\p{Cc}/gu, '.'))
  .filter((text) => text !== '');
const keyName = line.map((text) => text.replaceAll(/[\p{White_Space}+]/gu, '_'));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const checkpoint = fc.record({
  origin: line,
  size: uint64,
  root: bytes(32),
  extensions: fc.array(line, { maxLength: 3 }),
});
const noteSignature = fc.record({
  keyName,
  keyId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
});
const signatures = fc.array(noteSignature, { minLength: 1, maxLength: 4 });
const note = fc.record({ text: fc.array(line).map((lines) => `${lines.join('\n')}\n`), signatures });
const proof = fc.record(
  {
    index: uint64,
    path: fc.array(bytes(32), { maxLength: 64 }),
    checkpoint: fc
      .tuple(checkpoint, signatures)
      .map(([body, lines]) => printSignedNote({ text: printCheckpoint(body), signatures: lines })),
    extra: fc.uint8Array({ minLength: 1, maxLength: 50 }),
  },
  { requiredKeys: ['index', 'path', 'checkpoint'] },
);
const tilePath = fc.record({
  level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
  index: fc.oneof(fc.nat(3000), fc.maxSafeNat()),
  width: fc.integer({ min: 1, max: 256 }),
});
const policy: fc.Arbitrary<TrustPolicy> = fc
  .record({
    logs: fc.uniqueArray(fc.nat(50), { maxLength: 3 }),
    witnesses: fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 8 }),
    name: keyName,
    threshold: fc.nat(),
    split: fc.nat(8),
  })
  .map(({ logs, witnesses, name, threshold, split }) => {
    const key = (type: number, at: number) => verifierKey(name, type, new Uint8Array(32).fill(at), sha256);
    const names = witnesses.map((at) => `${name}${at}`);
    const inner = names.slice(0, Math.max(1, split));
    const outer = ['inner', ...names.slice(inner.length)];
    return {
      logs: logs.map((at) => (at % 2 === 0 ? { key: key(1, at) } : { key: key(1, at), url: `https://${at}.example/` })),
      witnesses: witnesses.map((at, place) => ({ name: names[place]!, key: key(4, at) })),
      groups: [
        { name: 'inner', threshold: 1 + (threshold % inner.length), members: inner },
        { name: 'outer', threshold: 1 + (threshold % outer.length), members: outer },
      ],
      quorum: 'outer',
    };
  })
  .filter(({ witnesses }) => !witnesses.some(({ name }) => ['inner', 'outer', 'none'].includes(name)));

/** Characters that the formats are made of, so that random edits often leave a text that is still accepted. */
const piece = fc.constantFrom(...'\n\n — +=AQ0159x/.p ', 'none', 'any', '\n\n', 'x000/', 'extra ', 'index ');
const edit = fc.record({ at: fc.nat(), cut: fc.nat(3), insert: fc.oneof(piece, fc.constant('')) });
const applyEdit = (text: string, { at, cut, insert }: { at: number; cut: number; insert: string }): string => {
  const place = at % (text.length + 1);
  return text.slice(0, place) + insert + text.slice(place + cut);
};

function codec<Value>(
  name: string,
  value: fc.Arbitrary<Value>,
  print: (value: Value) => string,
  parse: (text: string) => Value | undefined,
): void {
  describe(name, () => {
    it('reads back what it printed', () => {
      fc.assert(
        fc.property(value, (original) => {
          expect(parse(print(original))).toEqual(original);
        }),
      );
    });

    it('prints back whatever text it accepts', () => {
      fc.assert(
        fc.property(value, fc.array(edit, { minLength: 1, maxLength: 2 }), (original, edits) => {
          const text = edits.reduce(applyEdit, print(original));
          const read = parse(text);
          if (read !== undefined) expect(print(read)).toBe(text);
        }),
        { numRuns: 1000 },
      );
    });

    it('never throws for any text', () => {
      fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parse(text)));
    });
  });
}

const text = (encoded: Uint8Array): string => Buffer.from(encoded).toString('latin1');
const fromBytes =
  <Value>(decode: (bytes: Uint8Array) => Value | undefined) =>
  (encoded: string): Value | undefined => {
    const units = [...encoded].map((character) => character.codePointAt(0)!);
    return units.some((unit) => unit > 255) ? undefined : decode(Uint8Array.from(units));
  };

codec('base64', fc.uint8Array(), encodeBase64, decodeBase64);
codec('signed note', note, printSignedNote, parseSignedNote);
codec('checkpoint', checkpoint, printCheckpoint, parseCheckpoint);
codec('tlog-proof', proof, printTlogProof, parseTlogProof);
codec('tile path', tilePath, printTilePath, parseTilePath);
codec(
  'verifier key',
  fc.tuple(keyName, fc.constantFrom(1, 4), bytes(32)).map(([name, type, key]) => verifierKey(name, type, key, sha256)),
  printVerifierKey,
  (vkey) => parseVerifierKey(vkey, sha256),
);

describe('trust policy', () => {
  it('reads back what it printed, and prints what it read in one form', () => {
    fc.assert(
      fc.property(policy, fc.array(edit, { maxLength: 2 }), (original, edits) => {
        const printed = printTrustPolicy(original, sha256);
        expect(parseTrustPolicy(printed, sha256)).toEqual(original);
        const read = parseTrustPolicy(edits.reduce(applyEdit, printed), sha256);
        if (read !== undefined) expect(parseTrustPolicy(printTrustPolicy(read, sha256), sha256)).toEqual(read);
      }),
    );
  });
});

// Formats of bytes: the same properties, with bytes seen as Latin-1 text.
const atMost256 = { minLength: 1, maxLength: 256 };
codec(
  'tile',
  fc.array(bytes(32), atMost256),
  (hashes) => text(encodeTile(hashes)),
  fromBytes((encoded) => decodeTile(encoded)?.map((hash) => hash.slice())),
);
codec(
  'entry bundle',
  fc.array(fc.uint8Array({ maxLength: 40 }), atMost256),
  (entries) => text(encodeEntryBundle(entries)),
  fromBytes((encoded) => decodeEntryBundle(encoded)?.map((entry) => entry.slice())),
);
codec(
  'cosignature',
  fc.record({ timestamp: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), signature: bytes(64) }),
  (cosignature) => text(encodeCosignature(cosignature)),
  fromBytes(decodeCosignature),
);
