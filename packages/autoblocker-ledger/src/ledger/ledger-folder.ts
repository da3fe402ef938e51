// A ledger's folder: the log, the key that signs it, and the public key beside it.
//   log/            segments, tiles, checkpoint: see durable-log
//   signing.key     the seed, mode 0600; sealed by a passphrase when one is given
//   verifier.key    the public key as a C2SP vkey, all that an auditor needs besides log/

import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigner, readKeyFile, type Signer, sha256, writeKeyFile } from '@tenstrip/shared-core/crypto';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core/errors';
import { makeFolder, writeWholeFile } from '@tenstrip/shared-core/files';
import { parseVerifierKey, printVerifierKey, SignatureType, verifierKey } from '@tenstrip/shared-core/transparency';
import type { LedgerErrorCode } from '../errors/index.js';

/** The folder that means: keep nothing. */
export const memoryFolder = 'memory:';

const plainKeyHeader = 'tenstrip-signing-key v1 plain';

/** Where the log of a ledger is. */
export function logFolder(folder: string): string {
  return folder === memoryFolder ? memoryFolder : join(folder, 'log');
}

/** The public key of a log in vkey text. */
function verifierKeyText(origin: string, publicKey: Uint8Array): string {
  return printVerifierKey(verifierKey(origin, SignatureType.ed25519, publicKey, sha256));
}

/** What {@link openSigner} needs. */
export interface SignerRequest {
  readonly folder: string;
  readonly origin: string;
  readonly signer: Signer | undefined;
  readonly passphrase: string | undefined;
  readonly entropy: (length: number) => Uint8Array;
}

/** What {@link openSigner} gives. */
export interface OpenedSigner {
  readonly signer: Signer;
  readonly verifierKey: string;
  /** Forgets the seed, if it is the ledger's own. */
  readonly wipe: () => void;
}

/**
 * The signer of a ledger: the caller's, or the folder's own, made on first use; and the public key, published beside the log.
 * @throws TenstripError `SigningKeyInvalid` when the key is damaged, open to others, or not the one that is published.
 */
export async function openSigner(request: SignerRequest): Promise<OpenedSigner> {
  const { folder, origin } = request;
  if (folder !== memoryFolder) await makeLedgerFolder(folder);
  const own = request.signer === undefined ? createSigner(await signingSeed(request)) : undefined;
  const signer = own ?? request.signer!;
  const key = verifierKeyText(origin, signer.publicKey);
  if (folder !== memoryFolder) await publishKey(join(folder, 'verifier.key'), key);
  return { signer, verifierKey: key, wipe: () => own?.[Symbol.dispose]() };
}

/** The published key of a ledger's folder. @throws TenstripError `LedgerMissing` */
export async function readVerifierKey(folder: string): Promise<string> {
  const path = join(folder, 'verifier.key');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TenstripError<LedgerErrorCode>(
      'LedgerMissing',
      `There is no ledger in ${folder}: ${path} cannot be read. Give the folder that a ledger was opened with.`,
      { details: { folder }, cause },
    );
  });
  if (parseVerifierKey(text.trim(), sha256) === undefined)
    throw invalidKey(path, 'it is no verifier key (name+id+base64)');
  return text.trim();
}

async function makeLedgerFolder(folder: string): Promise<void> {
  await makeFolder(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new TenstripError<LedgerErrorCode>(
      'OptionsInvalid',
      `The ledger's folder ${folder} cannot be made (${cause.code ?? cause.message}). Give a folder that this process may write to.`,
      { details: { folder }, cause },
    );
  });
}

async function signingSeed({ folder, passphrase, entropy }: SignerRequest): Promise<Uint8Array> {
  if (folder === memoryFolder) return entropy(32);
  const path = join(folder, 'signing.key');
  const isMade = await exists(path);
  if (passphrase !== undefined) {
    if (!isMade) {
      await writeKeyFile(path, entropy(32), passphrase).catch((error: Error) => {
        if (!isTenstripError(error.cause, 'FileExists')) throw error;
      });
    }
    return readKeyFile(path, passphrase);
  }
  if (!isMade) await writePlainKey(path, entropy(32));
  return readPlainKey(path);
}

/** Does nothing when another process has just written one: of two that open a new ledger one is to be told that it is locked. */
async function writePlainKey(path: string, seed: Uint8Array): Promise<void> {
  try {
    await writeWholeFile(path, `${plainKeyHeader}\n${Buffer.from(seed).toString('base64')}\n`, { mode: 0o600 });
  } catch (cause) {
    if (!isTenstripError(cause, 'FileExists')) throw notWritten(path, cause);
  } finally {
    seed.fill(0);
  }
}

async function readPlainKey(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
    throw invalidKey(path, 'it cannot be read', cause);
  });
  try {
    if (process.platform !== 'win32' && ((await file.stat()).mode & 0o077) !== 0) {
      throw invalidKey(
        path,
        'others than its owner may use it; chmod 600 it, and take a new key if it may have been copied',
      );
    }
    const [header, encoded = ''] = (await file.readFile('utf8')).split('\n');
    const seed = Buffer.from(encoded, 'base64');
    if (header !== plainKeyHeader || seed.length !== 32) {
      throw invalidKey(
        path,
        header?.startsWith('tenstrip-key-file') === true ? 'it is sealed; give the passphrase' : 'it is damaged',
      );
    }
    return new Uint8Array(seed);
  } finally {
    await file.close();
  }
}

/** Writes the public key on first use; afterwards it must be the same. */
async function publishKey(path: string, key: string): Promise<void> {
  if (!(await exists(path))) {
    await writeWholeFile(path, `${key}\n`, { mode: 0o644 }).catch((cause: unknown) => {
      if (!isTenstripError(cause, 'FileExists')) throw notWritten(path, cause);
    });
  }
  const published = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw invalidKey(path, 'it cannot be read', cause);
  });
  if (published.trim() !== key) {
    throw invalidKey(
      path,
      `it publishes ${published.trim()}, and the signer is ${key}; give the signer and origin of this ledger`,
    );
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function notWritten(path: string, cause: unknown): TenstripError<LedgerErrorCode> {
  return new TenstripError<LedgerErrorCode>(
    'SigningKeyInvalid',
    `The ledger has no key: ${(cause as Error).message}.`,
    {
      details: { path },
      cause,
      retryable: isTenstripError(cause) && cause.retryable,
    },
  );
}

function invalidKey(path: string, reason: string, cause?: unknown): TenstripError<LedgerErrorCode> {
  return new TenstripError<LedgerErrorCode>('SigningKeyInvalid', `The key file ${path} is of no use: ${reason}.`, {
    details: { path },
    cause,
  });
}
