// Verifying Ed25519 signatures under one strict profile, with the same verdict whatever library does the arithmetic.
import type { Backend } from './backends/backend.js';
import { selectBackend } from './backends/select-backend.js';
import { isStrictlyEncoded } from './strict-profile.js';

/** Verifies signatures. */
export interface Verifier {
  /**
   * Whether `signature` (64 bytes) over `message` was made by the owner of `publicKey` (32 bytes), under the strict
   * profile: S below the group order, A and R canonical and not of low order, the cofactorless equation. Never throws:
   * what is no key or no signature is `false`. About 70 us by OpenSSL.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** How {@link createVerifier} verifies. */
export interface VerifierOptions {
  /** Default `node`. */
  readonly backend?: Backend;
  /** How many imported public keys are kept, those used last. Default 1,024, about 1 MB. */
  readonly maxKeys?: number;
}

/**
 * A verifier with a cache of imported keys: make one and keep it.
 * @throws TenstripError `ConfigInvalid` when the backend is not installed.
 * @throws RangeError unless `maxKeys` is an integer of 1 or more.
 */
export function createVerifier(options: VerifierOptions = {}): Verifier {
  const holds = selectBackend(options.backend).createVerify(options.maxKeys ?? 1024);
  return {
    verify(publicKey, message, signature): boolean {
      if (!(publicKey instanceof Uint8Array && message instanceof Uint8Array && signature instanceof Uint8Array)) {
        return false;
      }
      if (!isStrictlyEncoded(publicKey, signature)) return false;
      try {
        return holds(publicKey, message, signature);
      } catch {
        return false; // a library may throw for a key that is no point of the curve: a refusal, not a failure
      }
    },
  };
}
