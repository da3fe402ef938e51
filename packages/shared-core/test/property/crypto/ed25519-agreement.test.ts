import { sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requirement } from '../../../../../tools/test-requirements.mjs';
import { type Backend, createSigner, createVerifier } from '../../../src/crypto/index.js';
import { groupOrder, littleEndian } from '../../unit/crypto/edwards25519.js';
import { hasSodium } from '../../unit/crypto/installed.js';
import { privateKeyOf, publicKeyOf } from '../../unit/crypto/private-key.js';

const sodium = requirement(
  hasSodium,
  'the package sodium-native is not installed: npm install --no-save sodium-native',
);
const isFull = process.env.TENSTRIP_FULL === '1';

/** A seed, a message, and what happens to key, message and signature before they are verified. */
const trial = fc.record({
  seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  message: fc.uint8Array({ maxLength: 100 }),
  change: fc.constantFrom('none', 'key', 'message', 'R', 'S', 'S + L', 'random key', 'other message'),
  bit: fc.nat(255),
  random: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
type Trial = typeof trial extends fc.Arbitrary<infer Value> ? Value : never;

/** Key, message and signature of a trial, signed by OpenSSL, then changed. */
function changed({ seed, message, change, bit, random }: Trial): [Uint8Array, Uint8Array, Uint8Array] {
  const privateKey = privateKeyOf(seed);
  const key = publicKeyOf(privateKey);
  const text = Uint8Array.from([...message, 0]);
  const signature = new Uint8Array(sign(null, text, privateKey));
  const flip = (bytes: Uint8Array, at: number): void => {
    bytes[at >> 3]! ^= 1 << (at & 7);
  };
  if (change === 'key') flip(key, bit);
  if (change === 'message') flip(text, bit % (text.length * 8));
  if (change === 'R') flip(signature, bit);
  if (change === 'S') flip(signature, 256 + bit);
  if (change === 'S + L') signature.set(littleEndian(scalar(signature) + groupOrder), 32);
  if (change === 'random key') key.set(random);
  if (change === 'other message') text.set([1], text.length - 1);
  return [key, text, signature];
}

function scalar(signature: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`);
}

function agree(backend: Backend, runs: number): void {
  const node = createVerifier();
  const other = createVerifier({ backend });
  fc.assert(
    fc.property(trial, (each) => {
      const [key, message, signature] = changed(each);
      const verdict = node.verify(key, message, signature);
      expect(other.verify(key, message, signature)).toBe(verdict);
      expect(verdict).toBe(each.change === 'none');
    }),
    { numRuns: runs },
  );
}

describe('Ed25519 by OpenSSL and by another library', () => {
  const runs = isFull ? 100_000 : 1000;

  it(`gives the same verdict as TweetNaCl, ${runs} times, and only for what was not changed`, () => {
    agree('tweetnacl', runs);
  }, 3_600_000);

  it.skipIf(!sodium.available)(
    'gives the same verdict as libsodium, 10,000 times (100,000 in full)',
    () => {
      agree('sodium', isFull ? 100_000 : 10_000);
    },
    600_000,
  );

  it('makes the same keys and signatures', () => {
    fc.assert(
      fc.property(trial, ({ seed, message }) => {
        const signers = (['node', 'tweetnacl', ...(hasSodium ? (['sodium'] as const) : [])] as const).map((backend) =>
          createSigner(seed, { backend }),
        );
        for (const signer of signers) {
          expect(signer.publicKey).toEqual(signers[0]!.publicKey);
          expect(signer.sign(message)).toEqual(signers[0]!.sign(message));
        }
      }),
      { numRuns: isFull ? 1000 : 50 },
    );
  }, 120_000);
});
