// Ed25519 by libsodium, when the package sodium-native is installed: verifies about 1.6 times as fast as OpenSSL.
import { createRequire } from 'node:module';
import { type CoreErrorCode, TenstripError } from '../../../errors/index.js';
import { publicKeyBytes, signatureBytes } from '../strict-profile.js';
import type { Ed25519, SecretKey } from './backend.js';

/** What is used of sodium-native, which ships no types. */
interface SodiumNative {
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

const secretKeyBytes = 64;

/**
 * Ed25519 by libsodium; the package is loaded by the first call.
 * @throws TenstripError `ConfigInvalid` when it is not installed, or has no binary for this machine.
 */
export function loadSodiumNative(): Ed25519 {
  const sodium = requireSodiumNative();
  return {
    importSeed(seed: Uint8Array): SecretKey {
      const publicKey = new Uint8Array(publicKeyBytes);
      const secretKey = new Uint8Array(secretKeyBytes);
      sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
      return {
        publicKey,
        sign: (message) => {
          const signature = new Uint8Array(signatureBytes);
          sodium.crypto_sign_detached(signature, message, secretKey);
          return signature;
        },
        wipe: () => secretKey.fill(0),
      };
    },

    createVerify: () => (publicKey, message, signature) =>
      sodium.crypto_sign_verify_detached(signature, message, publicKey),
  };
}

function requireSodiumNative(): SodiumNative {
  try {
    return createRequire(import.meta.url)('sodium-native') as SodiumNative;
  } catch (cause) {
    throw new TenstripError<CoreErrorCode>(
      'ConfigInvalid',
      "the Ed25519 backend 'sodium' cannot be loaded: install the package sodium-native, or choose the backend 'node'",
      { details: { backend: 'sodium' }, cause },
    );
  }
}
