// A log of a few entries with a log key and witness keys from fixed seeds, for tests of whole texts.
import { createSigner, type LocalSigner, sha256 } from '../../../src/crypto/index.js';
import {
  CompactRange,
  cosign,
  leafHash,
  printCheckpoint,
  printSignedNote,
  printVerifierKey,
  SignatureType,
  signNote,
  verifierKey,
} from '../../../src/transparency/index.js';

export const origin = 'log.example/42';
const signerOf = (number: number): LocalSigner => createSigner(new Uint8Array(32).fill(number));

export const logKey = printVerifierKey(verifierKey(origin, SignatureType.ed25519, signerOf(1).publicKey, sha256));

export const witnessName = (number: number): string => `witness.example/w${number}`;

export function witnessKey(number: number): string {
  const { publicKey } = signerOf(100 + number);
  return printVerifierKey(verifierKey(witnessName(number), SignatureType.cosignature, publicKey, sha256));
}

export const entriesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, at) => Uint8Array.of(at, 7));

/** The checkpoint over `size` entries, signed by the log and cosigned by the witnesses numbered. */
export async function signedCheckpoint(size: number, witnesses: readonly number[] = []): Promise<string> {
  const range = new CompactRange(sha256);
  for (const entry of entriesOf(size)) range.append(leafHash(entry, sha256));
  const text = printCheckpoint({ origin, size: BigInt(size), root: range.root(), extensions: [] });
  const signatures = [await signNote(text, origin, signerOf(1), sha256)];
  for (const number of witnesses) {
    const timestamp = 1_700_000_000n + BigInt(number);
    signatures.push(await cosign(text, witnessName(number), signerOf(100 + number), timestamp, sha256));
  }
  return printSignedNote({ text, signatures });
}
