// Ed25519 by OpenSSL through node:crypto. Raw keys enter as DER (RFC 8410), the form that OpenSSL imports fastest.
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { KeyCache } from '../key-cache.js';
import { publicKeyBytes } from '../strict-profile.js';
import type { Ed25519, RawVerify, SecretKey } from './backend.js';

/** Everything before the 32 bytes of a seed in PKCS #8, and of a public key in SPKI. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Ed25519 by OpenSSL. */
export const nodeCrypto: Ed25519 = {
  importSeed(seed: Uint8Array): SecretKey {
    const der = Buffer.concat([pkcs8Prefix, seed]);
    // OpenSSL keeps its own copy, and clears it when the last reference to this object is gone.
    let key: KeyObject | undefined = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    der.fill(0);
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
    return {
      publicKey: new Uint8Array(spki.subarray(-publicKeyBytes)),
      sign: (message) => plainBytes(sign(null, message, key!)),
      wipe: () => {
        key = undefined;
      },
    };
  },

  createVerify(maxKeys: number): RawVerify {
    const keys = new KeyCache(maxKeys, (publicKey) =>
      createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' }),
    );
    return (publicKey, message, signature) => verify(null, message, keys.get(publicKey), signature);
  },
};

/** The same memory, without what Buffer adds. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
