// The private key of a seed as OpenSSL has it, by another way than the code under test takes (JWK).
import { createPrivateKey, type KeyObject } from 'node:crypto';
import nacl from 'tweetnacl';

export function privateKeyOf(seed: Uint8Array): KeyObject {
  const x = Buffer.from(nacl.sign.keyPair.fromSeed(seed).publicKey).toString('base64url');
  const d = Buffer.from(seed).toString('base64url');
  return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x, d }, format: 'jwk' });
}
