// Authenticated encryption by NaCl: `box` from one key pair to another (X25519), `secretbox` under a shared key; both
// XSalsa20-Poly1305. Source: Bernstein, Lange, Schwabe, "The security impact of a new cryptographic library" (2012);
// the code is TweetNaCl's. A box costs milliseconds, a secretbox microseconds.
import nacl from 'tweetnacl';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { equalBytes } from './equal-bytes.js';

/** Bytes of a nonce. It must never repeat under one key (for a box: one pair of keys); random ones are long enough. */
export const nonceBytes = nacl.box.nonceLength;

/** The X25519 public key, 32 bytes, of a 32-byte secret key. */
export function boxPublicKey(secretKey: Uint8Array): Uint8Array {
  checkKey(secretKey, 'secret key');
  const pair = nacl.box.keyPair.fromSecretKey(secretKey);
  pair.secretKey.fill(0); // a copy
  return pair.publicKey;
}

/**
 * Encrypts `message` from the owner of `secretKey` to the owner of `theirPublicKey`; the result is 16 bytes longer.
 * @param nonce 24 bytes, never used before between these two keys.
 * @throws TenstripError `KeyInvalid` when a key is not 32 bytes long, or theirs is of low order (everyone knows what such
 * a key leads to).
 * @throws RangeError when the nonce is not 24 bytes long.
 */
export function sealBox(
  message: Uint8Array,
  nonce: Uint8Array,
  theirPublicKey: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  checkNonce(nonce);
  const shared = sharedKey(theirPublicKey, secretKey);
  const sealed = nacl.secretbox(message, nonce, shared);
  shared.fill(0);
  return sealed;
}

/** The message of a box, or `undefined` when it was not sealed so: other keys, other nonce, or changed on the way. */
export function openBox(
  sealed: Uint8Array,
  nonce: Uint8Array,
  theirPublicKey: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array | undefined {
  checkNonce(nonce);
  const shared = sharedKey(theirPublicKey, secretKey);
  const message = nacl.secretbox.open(sealed, nonce, shared);
  shared.fill(0);
  return message ?? undefined;
}

/**
 * Encrypts `message` under a shared 32-byte key; the result is 16 bytes longer.
 * @param nonce 24 bytes, never used before under this key.
 * @throws TenstripError `KeyInvalid` when the key is not 32 bytes long.
 * @throws RangeError when the nonce is not 24 bytes long.
 */
export function sealSecretBox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  checkNonce(nonce);
  checkKey(key, 'key');
  return nacl.secretbox(message, nonce, key);
}

/** The message of a secret box, or `undefined` when it was not sealed so: another key or nonce, or changed on the way. */
export function openSecretBox(sealed: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  checkNonce(nonce);
  checkKey(key, 'key');
  return nacl.secretbox.open(sealed, nonce, key) ?? undefined;
}

const keyBytes = nacl.secretbox.keyLength;
let keyOfLowOrder: Uint8Array | undefined;

/** What X25519 and HSalsa20 make of the two keys. The caller wipes it. */
function sharedKey(theirPublicKey: Uint8Array, secretKey: Uint8Array): Uint8Array {
  checkKey(theirPublicKey, 'public key');
  checkKey(secretKey, 'secret key');
  const shared = nacl.box.before(theirPublicKey, secretKey);
  keyOfLowOrder ??= nacl.box.before(new Uint8Array(keyBytes), new Uint8Array(keyBytes)); // the point 0 stays 0
  if (equalBytes(shared, keyOfLowOrder)) {
    throw new TenstripError<CoreErrorCode>('KeyInvalid', 'the public key is of low order: it gives no secrecy');
  }
  return shared;
}

function checkKey(key: Uint8Array, what: string): void {
  if (key.length === keyBytes) return;
  throw new TenstripError<CoreErrorCode>('KeyInvalid', `the ${what} has ${key.length} bytes; expected ${keyBytes}`);
}

function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== nonceBytes) {
    throw new RangeError(`the nonce has ${nonce.length} bytes; expected ${nonceBytes}`);
  }
}
