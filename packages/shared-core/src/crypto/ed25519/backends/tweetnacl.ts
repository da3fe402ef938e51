// Ed25519 by TweetNaCl: plain JavaScript, for places without OpenSSL, and as an oracle in tests. Verifying takes 8-15 ms,
// about a hundred times as long as by OpenSSL.
import nacl from 'tweetnacl';
import type { Ed25519, SecretKey } from './backend.js';

/** Ed25519 by TweetNaCl. */
export const tweetnacl: Ed25519 = {
  importSeed(seed: Uint8Array): SecretKey {
    const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
    return {
      publicKey,
      sign: (message) => nacl.sign.detached(message, secretKey),
      wipe: () => secretKey.fill(0),
    };
  },

  createVerify: () => (publicKey, message, signature) => nacl.sign.detached.verify(message, signature, publicKey),
};
