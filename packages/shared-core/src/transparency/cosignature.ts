// Cosignatures: a witness states when it saw a checkpoint that extends what it saw before. Source: C2SP tlog-cosignature
// v1.0.0 (https://c2sp.org/tlog-cosignature), the Ed25519 format `cosignature/v1`, signature type 0x04.
import type { Sha256 } from './merkle-tree.js';
import {
  isSignatureBy,
  type MessageSigner,
  type NoteSignature,
  SignatureType,
  type VerifierKey,
  type VerifySignature,
  verifierKey,
} from './signed-note.js';

/** What a cosignature line holds, after its key id. */
export interface Cosignature {
  /** Seconds since 1970-01-01 UTC, below 2^63. */
  readonly timestamp: bigint;
  /** Ed25519, 64 bytes, over timestamp and checkpoint. */
  readonly signature: Uint8Array;
}

const timestampBytes = 8;
const signatureBytes = 64;
const maximumTimestamp = 2n ** 63n - 1n;
const utf8 = new TextEncoder();

/** The cosignature in the 72 bytes of a note signature, or `undefined` when they are none. */
export function decodeCosignature(bytes: Uint8Array): Cosignature | undefined {
  if (bytes.length !== timestampBytes + signatureBytes) return undefined;
  const timestamp = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  return timestamp <= maximumTimestamp
    ? { timestamp, signature: new Uint8Array(bytes.subarray(timestampBytes)) }
    : undefined;
}

/**
 * The 72 bytes of a cosignature; {@link decodeCosignature} reads them back.
 * @throws RangeError when the timestamp is not below 2^63 or the signature not 64 bytes long.
 */
export function encodeCosignature({ timestamp, signature }: Cosignature): Uint8Array {
  checkTimestamp(timestamp);
  if (signature.length !== signatureBytes) {
    throw new RangeError(`the signature has ${signature.length} bytes; expected ${signatureBytes}`);
  }
  const bytes = new Uint8Array(timestampBytes + signatureBytes);
  new DataView(bytes.buffer).setBigUint64(0, timestamp);
  bytes.set(signature, timestampBytes);
  return bytes;
}

/**
 * Cosigns a checkpoint as witness `keyName`. The caller has verified that it extends what this witness cosigned before.
 *
 * @param text The checkpoint's text, without signatures.
 * @param timestamp Seconds since 1970-01-01 UTC.
 * @throws RangeError when the name cannot be written or the timestamp is not below 2^63.
 */
export async function cosign(
  text: string,
  keyName: string,
  signer: MessageSigner,
  timestamp: bigint,
  sha256: Sha256,
): Promise<NoteSignature> {
  const { keyId } = verifierKey(keyName, SignatureType.cosignature, signer.publicKey, sha256);
  const signature = await signer.sign(cosignedMessage(text, timestamp));
  return { keyName, keyId, signature: encodeCosignature({ timestamp, signature }) };
}

/**
 * When the witness with this key cosigned the checkpoint `text`, in seconds since 1970-01-01 UTC; `undefined` when the
 * line is not a true cosignature of it.
 */
export function verifyCosignature(
  text: string,
  line: NoteSignature,
  key: VerifierKey,
  verify: VerifySignature,
): bigint | undefined {
  if (key.signatureType !== SignatureType.cosignature || !isSignatureBy(line, key)) return undefined;
  const cosignature = decodeCosignature(line.signature);
  if (cosignature === undefined) return undefined;
  const message = cosignedMessage(text, cosignature.timestamp);
  return verify(key.publicKey, message, cosignature.signature) ? cosignature.timestamp : undefined;
}

function cosignedMessage(text: string, timestamp: bigint): Uint8Array {
  checkTimestamp(timestamp);
  return utf8.encode(`cosignature/v1\ntime ${timestamp}\n${text}`);
}

function checkTimestamp(timestamp: bigint): void {
  if (timestamp < 0n || timestamp > maximumTimestamp) {
    throw new RangeError(`the timestamp is ${timestamp}; expected 0 to 2^63 - 1 seconds`);
  }
}
