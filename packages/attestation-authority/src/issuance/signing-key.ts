// The key of an authority: the caller's, the folder's sealed key file, or one that ends with the process. It can be exchanged
// while the log is open, because the log asks for it at each signature.

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigner, readKeyFile, type Signer, sha256, writeKeyFile } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { printVerifierKey, SignatureType, verifierKey } from '@tenstrip/shared-core/transparency';
import type { AttestationErrorCode } from '../errors/index.js';

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

/**
 * The signer of an authority, and what forgets its key if it is our own.
 * @throws TenstripError `SigningKeyInvalid` when a folder has neither signer nor passphrase; `KeyInvalid` for its key file.
 */
export async function openSigningKey({
  folder,
  signer,
  passphrase,
  entropy,
}: KeyRequest): Promise<readonly [Signer, () => void]> {
  if (signer !== undefined) return [signer, () => {}];
  const seed = folder === 'memory:' ? entropy(32) : await seedOfFolder(folder, passphrase, entropy);
  const own = createSigner(seed);
  seed.fill(0);
  return [own, () => own[Symbol.dispose]()];
}

async function seedOfFolder(
  folder: string,
  passphrase: string | undefined,
  entropy: KeyRequest['entropy'],
): Promise<Uint8Array> {
  const path = join(folder, 'signing.key');
  if (passphrase === undefined) {
    throw new TenstripError<AttestationErrorCode>(
      'SigningKeyInvalid',
      `The authority in ${folder} has no key. Give a signer, or the passphrase of its key file ${path}.`,
      { details: { path } },
    );
  }
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) await writeKeyFile(path, entropy(32), passphrase);
  return readKeyFile(path, passphrase);
}
