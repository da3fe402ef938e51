import { describe, expect, it } from 'vitest';
import { equalBytes, sha256, sha512 } from '../../../src/crypto/index.js';

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('SHA-2', () => {
  // FIPS 180-4 examples (NIST, "Examples with intermediate values").
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('SHA-256 of %j', (input, digest) => {
    expect(hex(sha256(text(input)))).toBe(digest);
  });

  it('SHA-512 of "abc"', () => {
    expect(hex(sha512(text('abc')))).toBe(
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    );
  });

  it('gives fresh bytes, and hashes a view by what it shows', () => {
    const memory = text('xabcx');
    const digest = sha256(memory.subarray(1, 4));
    expect(digest).toEqual(sha256(text('abc')));
    digest.fill(0);
    expect(sha256(text('abc'))).not.toEqual(digest);
    expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype);
  });
});

describe('equalBytes', () => {
  it('compares content and length', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
    expect(equalBytes(Uint8Array.of(9, 1, 2).subarray(1), Uint8Array.of(1, 2))).toBe(true);
  });
});
