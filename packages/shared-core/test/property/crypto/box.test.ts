import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSecretBox, sealSecretBox } from '../../../src/crypto/index.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

describe('secret box', () => {
  it('opens to what was sealed, is 16 bytes longer, and opens for no changed key, nonce or content', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes(24), bytes(32), fc.nat(), (message, nonce, key, seed) => {
        const sealed = sealSecretBox(message, nonce, key);
        expect(sealed.length).toBe(message.length + 16);
        expect(openSecretBox(sealed, nonce, key)).toEqual(message);
        for (const part of [sealed, nonce, key]) {
          const bit = seed % (part.length * 8);
          part[bit >> 3]! ^= 1 << (bit & 7);
          expect(openSecretBox(sealed, nonce, key)).toBeUndefined();
          part[bit >> 3]! ^= 1 << (bit & 7);
        }
      }),
      { numRuns: 300 },
    );
  });
});
