// The private key of a seed as OpenSSL has it (RFC 8410, section 7), and its public key.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

export function privateKeyOf(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** 32 bytes. */
export function publicKeyOf(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url'));
}
