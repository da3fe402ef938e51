// Base64 of envelopes against the definition: a text is taken exactly when encoding what was decoded gives it back, in one alphabet.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeDsseBase64, decodeDsseBase64InPlace, decodeSignedPayload } from '../../src/statement/index.js';

const urlSafe = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_');

/** Texts of some bytes, in either alphabet; as many as signatures have, often. */
const whole = fc
  .tuple(
    fc.oneof(fc.uint8Array({ minLength: 62, maxLength: 67 }), fc.uint8Array({ maxLength: 12 })),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([bytes, isUrlSafe, isDense]) => {
    const text = Buffer.from(isDense ? bytes.map((byte) => byte | 0xf8) : bytes).toString('base64'); // dense in + and /
    return isUrlSafe ? urlSafe(text) : text;
  });
const piece = fc.constantFrom(...'AQgwIh+/-_= \n\t\0', '==', '\u0141', '\uff0b', '\ud83d', '😀', '');
const change = fc.record({ at: fc.nat(100), length: fc.constantFrom(0, 1, 1, 4), piece });

it('takes exactly the texts that are the one text of their bytes', () => {
  let taken = 0;
  fc.assert(
    fc.property(whole, fc.array(change, { maxLength: 2 }), (given, changes) => {
      let text = given;
      for (const { at, length, piece } of changes) {
        const place = text.length === 0 ? 0 : (at * 7) % (text.length + 1);
        text = text.slice(0, place) + piece + text.slice(place + length);
      }
      const bytes = Buffer.from(text, 'base64');
      const canonical = bytes.toString('base64');
      const expected = canonical === text || urlSafe(canonical) === text ? bytes : undefined;
      if (expected !== undefined && changes.length > 0) taken++;
      expect(decodeDsseBase64(text)).toEqual(expected);
      expect(decodeDsseBase64InPlace(text)).toEqual(expected);
      expect(decodeSignedPayload(text)?.payload).toEqual(expected);
    }),
    { numRuns: 5000 },
  );
  expect(taken).toBeGreaterThan(20);
});
