// Signing keys at rest: a seed, sealed by NaCl's secretbox under a key that scrypt (RFC 7914) stretches from a passphrase,
// in a small text file that its owner alone may read. Opening one costs about 0.4 s and 128 MiB, by intent.
import { randomBytes, scrypt } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';
import { writeWholeFile } from '../files/index.js';
import { nonceBytes, openSecretBox, sealSecretBox } from './box.js';
import { seedBytes } from './ed25519/index.js';

/** What a key file holds, before it is opened. */
interface SealedSeed {
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  /** The seed and 16 bytes that authenticate it. */
  readonly sealed: Uint8Array;
}

const firstLine = 'tenstrip-key-file v1 scrypt N=131072 r=8 p=1 xsalsa20-poly1305';
const scryptCost = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };
const sealingKeyBytes = 32;
const saltBytes = 32;
const sealedBytes = seedBytes + 16;
const maximumFileBytes = 1024; // a key file has 274; what is longer is none, and is not read on
const groupAndOthers = 0o077;
const isPosix = process.platform !== 'win32';

/**
 * Writes `seed` (32 bytes) to a new file at `path` with mode 0600, sealed by `passphrase`, and waits until it is on the
 * disk. Whenever the process is killed, the file is a whole key or is not there. Wipe the seed when you need it no more; a
 * passphrase, being a string, cannot be wiped.
 *
 * @throws TenstripError `KeyInvalid` when the seed is not 32 bytes long, the passphrase is empty or no text, or the file exists
 * already (its cause is then `FileExists`) or cannot be written (`FileUnwritable`, retryable when the disk is full): a key is never
 * overwritten.
 */
export async function writeKeyFile(path: string, seed: Uint8Array, passphrase: string): Promise<void> {
  if (!(seed instanceof Uint8Array)) throw keyInvalid(`the seed is ${typeof seed}; expected ${seedBytes} bytes`);
  if (seed.length !== seedBytes) throw keyInvalid(`the seed has ${seed.length} bytes; expected ${seedBytes}`);
  checkPassphrase(passphrase);
  if (passphrase === '') throw keyInvalid('the passphrase is empty: choose one, as it is all that protects the key');
  const text = printKeyFile(await seal(seed, passphrase));
  await writeWholeFile(path, text, { mode: 0o600 }).catch((cause: Error) => {
    throw keyInvalid(`no key was written: ${cause.message}`, { path }, cause);
  });
}

/**
 * The seed in a key file: 32 bytes, for the caller to wipe.
 *
 * @throws TenstripError `KeyInvalid` when the file cannot be read, is no key file, was changed, others than its owner may
 * use it, or the passphrase is wrong or no text.
 */
export async function readKeyFile(path: string, passphrase: string): Promise<Uint8Array> {
  checkPassphrase(passphrase);
  const sealed = parseKeyFile(await readOwnFile(path));
  if (sealed === undefined) throw keyInvalid(`the file ${path} is no key file of version 1, or is damaged`, { path });
  const seed = await unseal(sealed, passphrase);
  if (seed === undefined) {
    throw keyInvalid(`the key file ${path} does not open: the passphrase is wrong or the file was changed`, { path });
  }
  return seed;
}

function checkPassphrase(passphrase: unknown): void {
  if (typeof passphrase !== 'string') throw keyInvalid(`the passphrase is ${typeof passphrase}; expected a text`);
}

// ---------------------------------------------------------------------------------------------------------- sealing

async function seal(seed: Uint8Array, passphrase: string): Promise<SealedSeed> {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const key = await stretch(passphrase, salt);
  const sealed = sealSecretBox(seed, nonce, key);
  key.fill(0);
  return { salt, nonce, sealed };
}

async function unseal({ salt, nonce, sealed }: SealedSeed, passphrase: string): Promise<Uint8Array | undefined> {
  const key = await stretch(passphrase, salt);
  const seed = openSecretBox(sealed, nonce, key);
  key.fill(0);
  return seed;
}

const scryptAsync = promisify<string, Uint8Array, number, typeof scryptCost, Buffer>(scrypt);

/** The same passphrase has one form, however it was typed: NFKC. */
function stretch(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  return scryptAsync(passphrase.normalize('NFKC'), salt, sealingKeyBytes, scryptCost);
}

// ------------------------------------------------------------------------------------------------------------- text

function printKeyFile({ salt, nonce, sealed }: SealedSeed): string {
  return `${[firstLine, ...[salt, nonce, sealed].map((bytes) => Buffer.from(bytes).toString('hex'))].join('\n')}\n`;
}

function parseKeyFile(text: string): SealedSeed | undefined {
  const [first, saltText, nonceText, sealedText, end, ...rest] = text.split('\n');
  if (first !== firstLine || end !== '' || rest.length > 0) return undefined;
  const salt = parseHex(saltText, saltBytes);
  const nonce = parseHex(nonceText, nonceBytes);
  const sealed = parseHex(sealedText, sealedBytes);
  return salt && nonce && sealed && { salt, nonce, sealed };
}

function parseHex(text: string | undefined, length: number): Uint8Array | undefined {
  if (text?.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, 'hex'));
}

// ------------------------------------------------------------------------------------------------------------ files

async function readOwnFile(path: string): Promise<string> {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0); // a pipe must not hold us up
  await using file = await openKeyFile(path, flags);
  const status = await file.stat();
  if (!status.isFile()) throw keyInvalid(`the key file ${path} is no file`, { path });
  if (isPosix && (status.mode & groupAndOthers) !== 0) {
    const mode = (status.mode & 0o777).toString(8);
    throw keyInvalid(`the key file ${path} has mode ${mode}: others may use it; run chmod 600 on it`, { path, mode });
  }
  const { bytesRead, buffer } = await file.read(new Uint8Array(maximumFileBytes), 0, maximumFileBytes, 0);
  return Buffer.from(buffer.subarray(0, bytesRead)).toString('latin1');
}

async function openKeyFile(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (cause) {
    throw keyInvalid(`the key file ${path} cannot be read: it is missing, or you may not read it`, { path }, cause);
  }
}

function keyInvalid(message: string, details: Record<string, unknown> = {}, cause?: unknown): TenstripError {
  return new TenstripError<CoreErrorCode>('KeyInvalid', message, {
    details,
    ...(cause === undefined ? {} : { cause, retryable: isTenstripError(cause) && cause.retryable }),
  });
}
