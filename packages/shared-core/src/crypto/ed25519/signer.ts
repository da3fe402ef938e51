// Ed25519 signing keys (RFC 8032). Signing is deterministic, so all backends make the same signature.
import { type CoreErrorCode, TenstripError } from '../../errors/index.js';
import type { Backend } from './backends/backend.js';
import { selectBackend } from './backends/select-backend.js';
import { seedBytes } from './strict-profile.js';

/** Whoever can sign: a key in this process, or one that a security module or a key service holds. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The signature over `message`, 64 bytes. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A {@link Signer} that holds its key in this process, answers at once, and forgets the key when disposed. */
export interface LocalSigner extends Signer, Disposable {
  sign(message: Uint8Array): Uint8Array;
}

/** How {@link createSigner} signs. */
export interface SignerOptions {
  /** Default `node`. */
  readonly backend?: Backend;
}

/**
 * A signer from a 32-byte seed. It works on its own copy of the seed, which is wiped on dispose; wipe yours when you need
 * it no more. What OpenSSL holds of the key is cleared once the signer is garbage.
 *
 * ```ts
 * using signer = createSigner(seed);
 * const signature = signer.sign(message);
 * ```
 *
 * @throws TenstripError `KeyInvalid` when the seed is not 32 bytes long, and from `sign` after dispose;
 * `ConfigInvalid` when the backend is not installed.
 */
export function createSigner(seed: Uint8Array, options: SignerOptions = {}): LocalSigner {
  if (!(seed instanceof Uint8Array) || seed.length !== seedBytes) {
    const length = seed instanceof Uint8Array ? `${seed.length} bytes` : typeof seed;
    throw new TenstripError<CoreErrorCode>('KeyInvalid', `the seed is ${length}; expected ${seedBytes} bytes`);
  }
  const key = selectBackend(options.backend).importSeed(seed);
  let disposed = false;
  return {
    publicKey: key.publicKey.slice(),
    sign(message: Uint8Array): Uint8Array {
      if (disposed) {
        throw new TenstripError<CoreErrorCode>(
          'KeyInvalid',
          'the signer was disposed and its key wiped: create another',
        );
      }
      return key.sign(message);
    },
    [Symbol.dispose](): void {
      disposed = true;
      key.wipe();
    },
  };
}
