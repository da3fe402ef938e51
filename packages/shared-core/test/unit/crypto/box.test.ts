import { describe, expect, it } from 'vitest';
import { boxPublicKey, openBox, openSecretBox, sealBox, sealSecretBox } from '../../../src/crypto/index.js';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

// The running example of "Cryptography in NaCl" (Bernstein, 2009), as in NaCl's tests/scalarmult.c, box.c, secretbox.c.
const alice = {
  secretKey: bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
  publicKey: bytes('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'),
};
const bob = {
  secretKey: bytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'),
  publicKey: bytes('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'),
};
const firstKey = bytes('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
const nonce = bytes('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
const message = bytes(
  'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
);
const sealed = bytes(
  'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
);
const keyInvalid = expect.objectContaining({ code: 'KeyInvalid' });

describe('box', () => {
  it('is the one of NaCl, either way', () => {
    expect(boxPublicKey(alice.secretKey)).toEqual(alice.publicKey);
    expect(boxPublicKey(bob.secretKey)).toEqual(bob.publicKey);
    expect(sealBox(message, nonce, bob.publicKey, alice.secretKey)).toEqual(sealed);
    expect(openBox(sealed, nonce, alice.publicKey, bob.secretKey)).toEqual(message);
  });

  it('opens for nobody else, with no other nonce, and not when it was changed', () => {
    expect(openBox(sealed, nonce, bob.publicKey, bob.secretKey)).toBeUndefined();
    expect(
      openBox(
        sealed,
        nonce.map((byte) => byte ^ 1),
        alice.publicKey,
        bob.secretKey,
      ),
    ).toBeUndefined();
    for (const length of [0, 15, 16, sealed.length - 1]) {
      expect(openBox(sealed.subarray(0, length), nonce, alice.publicKey, bob.secretKey)).toBeUndefined();
    }
    for (let at = 0; at < sealed.length; at += 13) {
      const changed = sealed.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(openBox(changed, nonce, alice.publicKey, bob.secretKey)).toBeUndefined();
    }
  });

  // The u of the points of low order: RFC 7748 section 6.1 warns of them; the list is of cr.yp.to/ecdh.html.
  it.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('refuses the public key %s, which gives no secrecy', (publicKey) => {
    expect(() => sealBox(message, nonce, bytes(publicKey), alice.secretKey)).toThrow(keyInvalid);
    expect(() => openBox(sealed, nonce, bytes(publicKey), alice.secretKey)).toThrow(/low order/);
  });

  it('says which length is wrong', () => {
    expect(() => sealBox(message, nonce, bob.publicKey.subarray(1), alice.secretKey)).toThrow(
      'the public key has 31 bytes; expected 32',
    );
    expect(() => sealBox(message, nonce, bob.publicKey, alice.secretKey.subarray(1))).toThrow(keyInvalid);
    expect(() => sealBox(message, nonce.subarray(1), bob.publicKey, alice.secretKey)).toThrow(RangeError);
    expect(() => boxPublicKey(new Uint8Array(5))).toThrow(keyInvalid);
  });
});

describe('secret box', () => {
  it('is the one of NaCl, either way', () => {
    expect(sealSecretBox(message, nonce, firstKey)).toEqual(sealed);
    expect(openSecretBox(sealed, nonce, firstKey)).toEqual(message);
    expect(openSecretBox(sealSecretBox(new Uint8Array(0), nonce, firstKey), nonce, firstKey)).toEqual(
      new Uint8Array(0),
    );
  });

  it('does not open after any single-bit change', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(openSecretBox(changed, nonce, firstKey)).toBeUndefined();
    }
    expect(
      openSecretBox(
        sealed,
        nonce,
        firstKey.map((byte) => byte ^ 1),
      ),
    ).toBeUndefined();
  });

  it('says which length is wrong', () => {
    expect(() => sealSecretBox(message, nonce, firstKey.subarray(1))).toThrow('the key has 31 bytes; expected 32');
    expect(() => openSecretBox(sealed, nonce.subarray(1), firstKey)).toThrow('the nonce has 23 bytes; expected 24');
  });
});
