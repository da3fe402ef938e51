// The key of an authority: the caller's, the folder's sealed key file, or one that ends with the process. It can be exchanged
// while the log is open, because the log asks for it at each signature.

import { join } from 'node:path';
import { createSigner, type Signer, sha256 } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { printVerifierKey, SignatureType, verifierKey } from '@tenstrip/shared-core/transparency';
import type { AttestationErrorCode } from '../errors/index.js';
import { KeyFolder } from './key-folder.js';

/** The vkey of an Ed25519 key under an origin. */
export function vkeyOf(origin: string, publicKey: Uint8Array): string {
  return printVerifierKey(verifierKey(origin, SignatureType.ed25519, publicKey, sha256));
}

/** A signer that passes on to another one, which can be exchanged. */
export class CurrentSigner implements Signer {
  #signer: Signer;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  get publicKey(): Uint8Array {
    return this.#signer.publicKey;
  }

  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.#signer.sign(message);
  }

  /** The one that it passes on to now. */
  get present(): Signer {
    return this.#signer;
  }

  /** From the next signature on. */
  exchange(signer: Signer): void {
    this.#signer = signer;
  }
}

/** Where a key comes from. */
export interface KeyRequest {
  readonly folder: string;
  readonly signer: Signer | undefined;
  readonly passphrase: string | undefined;
  readonly entropy: (length: number) => Uint8Array;
}

/** The key of an authority, and where it is kept, if we keep it. */
export interface OpenedKey {
  readonly signer: Signer;
  /** Given by the caller: not ours to forget or to replace. */
  readonly isGiven: boolean;
  readonly folder: KeyFolder | undefined;
}

/**
 * The signer of an authority.
 * @throws TenstripError `SigningKeyInvalid` when a folder has neither signer nor passphrase, or its list of keys is damaged;
 * `KeyInvalid` for its key file.
 */
export async function openSigningKey({ folder, signer, passphrase, entropy }: KeyRequest): Promise<OpenedKey> {
  if (signer !== undefined) return { signer, isGiven: true, folder: undefined };
  if (folder === 'memory:') return { signer: freshSigner(entropy(32)), isGiven: false, folder: undefined };
  if (passphrase === undefined) {
    const path = join(folder, 'signing.key');
    throw new TenstripError<AttestationErrorCode>(
      'SigningKeyInvalid',
      `The authority in ${folder} has no key. Give a signer, or the passphrase of its key file ${path}.`,
      { details: { path } },
    );
  }
  const [keys, own] = await KeyFolder.open(folder, passphrase, () => entropy(32));
  return { signer: own, isGiven: false, folder: keys };
}

/** The signer of a seed, which is wiped. */
export function freshSigner(seed: Uint8Array): Signer {
  const signer = createSigner(seed);
  seed.fill(0);
  return signer;
}

/** Forgets a key that is ours. */
export function wipe(signer: Signer): void {
  (signer as Partial<Disposable>)[Symbol.dispose]?.();
}
