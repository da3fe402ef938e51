// Signed notes: text followed by signature lines, each by a named key. Source: C2SP signed-note v1.0.0
// (https://c2sp.org/signed-note), after golang.org/x/mod/sumdb/note. Parsing is linear in the text.
import { decodeBase64, encodeBase64 } from './base64.js';
import type { Sha256 } from './merkle-tree.js';

/** Text and the signatures under it. */
export interface SignedNote {
  /** What is signed: UTF-8 text without control characters but newline; ends in a newline. */
  readonly text: string;
  /** From 1 to `maximumSignatures`. */
  readonly signatures: readonly NoteSignature[];
}

/** One signature line of a note. The key's name and id together say which key and which algorithm. */
export interface NoteSignature {
  /** Not empty, without spaces and `+`; by custom a URL without scheme, such as `example.com/log42`. */
  readonly keyName: string;
  /** Unsigned 32 bits. An identifier, not a cryptographic commitment. */
  readonly keyId: number;
  /** What the key's algorithm made, at least 1 byte. */
  readonly signature: Uint8Array;
}

/** A public key that notes name: a *vkey* once printed. */
export interface VerifierKey {
  /** As in {@link NoteSignature}. */
  readonly keyName: string;
  /** As in {@link NoteSignature}. */
  readonly keyId: number;
  /** The algorithm, as the specification numbers them; see {@link SignatureType}. */
  readonly signatureType: number;
  /** As the algorithm encodes it; 32 bytes for Ed25519. */
  readonly publicKey: Uint8Array;
}

/** The signature types of signed notes that are supported here. */
export const SignatureType = {
  /** Ed25519 over the note's text. */
  ed25519: 0x01,
  /** Timestamped Ed25519 cosignature of a checkpoint. */
  cosignature: 0x04,
} as const;

/** Verifies an Ed25519 signature: `createVerifier().verify` has this shape. Must not throw. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Signs by Ed25519: what `createSigner` returns has this shape. */
export interface MessageSigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The signature over `message`, 64 bytes. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Most signatures that a note may carry (the specification asks for 16 at least). */
export const maximumSignatures = 100;
/** Longest note that is read, in UTF-16 units: 1 MiB of ASCII. */
export const maximumNoteLength = 2 ** 20;

const utf8 = new TextEncoder();
const signaturePrefix = '\u2014 '; // em dash, space
const newline = 0x0a;

/** The signed note that `text` is, or `undefined` when it is none. */
export function parseSignedNote(text: string): SignedNote | undefined {
  if (text.length > maximumNoteLength || !isNoteText(text)) return undefined;
  const blankLine = text.lastIndexOf('\n\n');
  if (blankLine < 0) return undefined;
  const lines = text.slice(blankLine + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > maximumSignatures) return undefined;
  const signatures = lines.map(parseSignatureLine);
  return signatures.every((signature) => signature !== undefined)
    ? { text: text.slice(0, blankLine + 1), signatures }
    : undefined;
}

/**
 * The text of a signed note; {@link parseSignedNote} reads it back.
 * @throws RangeError when the note has no text that ends in a newline, no signature or too many, or a key name that
 * cannot be written.
 */
export function printSignedNote(note: SignedNote): string {
  const printed = `${note.text}\n${note.signatures.map(printSignatureLine).join('')}`;
  const { length } = note.signatures;
  if (!note.text.endsWith('\n') || !isNoteText(note.text) || printed.length > maximumNoteLength) {
    throw new RangeError('the text of a note is UTF-8, ends in a newline, has no other control character, up to 1 MiB');
  }
  if (length === 0 || length > maximumSignatures) {
    throw new RangeError(`the note has ${length} signatures; expected 1 to ${maximumSignatures}`);
  }
  return printed;
}

/**
 * Signs `text` as key `keyName` (Ed25519, type 0x01).
 * @throws RangeError when `keyName` is empty or has a space or `+`.
 */
export async function signNote(
  text: string,
  keyName: string,
  signer: MessageSigner,
  sha256: Sha256,
): Promise<NoteSignature> {
  const { keyId } = verifierKey(keyName, SignatureType.ed25519, signer.publicKey, sha256);
  return { keyName, keyId, signature: await signer.sign(utf8.encode(text)) };
}

/** Whether `signature` was made over `text` by `key`, an Ed25519 key of type 0x01. */
export function verifyNoteSignature(
  text: string,
  signature: NoteSignature,
  key: VerifierKey,
  verify: VerifySignature,
): boolean {
  return (
    key.signatureType === SignatureType.ed25519 &&
    isSignatureBy(signature, key) &&
    verify(key.publicKey, utf8.encode(text), signature.signature)
  );
}

/** Whether a signature line names this key. It says nothing yet of whether the signature is true. */
export function isSignatureBy(signature: NoteSignature, key: VerifierKey): boolean {
  return signature.keyId === key.keyId && signature.keyName === key.keyName;
}

// ------------------------------------------------------------------------------------------------------------- keys

/**
 * The verifier key with the recommended id: the first 4 bytes of SHA-256 over name, newline, type, public key.
 * @throws RangeError when the name is empty or has a space or `+`, the type is no byte, or the key is not 32 bytes long.
 */
export function verifierKey(
  keyName: string,
  signatureType: number,
  publicKey: Uint8Array,
  sha256: Sha256,
): VerifierKey {
  checkKeyName(keyName);
  if (publicKey.length !== 32) throw new RangeError(`the public key has ${publicKey.length} bytes; expected 32`);
  if (!isSupported(signatureType)) throw new RangeError(`the signature type is ${signatureType}; expected 1 or 4`);
  const name = utf8.encode(`${keyName}\n`);
  const hash = sha256(Uint8Array.of(...name, signatureType, ...publicKey));
  return { keyName, keyId: readUint32(hash), signatureType, publicKey };
}

/**
 * The key that a vkey text (`name+hex id+base64 key`) holds; `undefined` when it is none, its id is not that of its key,
 * or its type is not supported.
 */
export function parseVerifierKey(text: string, sha256: Sha256): VerifierKey | undefined {
  const [, keyName, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  if (keyName === undefined || id === undefined || encoded === undefined || !isKeyName(keyName)) return undefined;
  const typeAndKey = decodeBase64(encoded);
  if (typeAndKey?.length !== 33 || !isSupported(typeAndKey[0]!)) return undefined;
  const key = verifierKey(keyName, typeAndKey[0]!, typeAndKey.slice(1), sha256);
  return key.keyId === Number.parseInt(id, 16) ? key : undefined;
}

/**
 * The vkey text of a key; {@link parseVerifierKey} reads it back.
 * @throws RangeError when the name cannot be written.
 */
export function printVerifierKey(key: VerifierKey): string {
  checkKeyName(key.keyName);
  const id = key.keyId.toString(16).padStart(8, '0');
  return `${key.keyName}+${id}+${encodeBase64(Uint8Array.of(key.signatureType, ...key.publicKey))}`;
}

function isSupported(signatureType: number): boolean {
  return signatureType === SignatureType.ed25519 || signatureType === SignatureType.cosignature;
}

// ------------------------------------------------------------------------------------------------------------ lines

function parseSignatureLine(line: string): NoteSignature | undefined {
  if (!line.startsWith(signaturePrefix)) return undefined;
  const [keyName, encoded, ...rest] = line.slice(signaturePrefix.length).split(' ');
  if (keyName === undefined || encoded === undefined || rest.length > 0 || !isKeyName(keyName)) return undefined;
  const bytes = decodeBase64(encoded);
  if (bytes === undefined || bytes.length < 5) return undefined;
  return { keyName, keyId: readUint32(bytes), signature: bytes.slice(4) };
}

function printSignatureLine({ keyName, keyId, signature }: NoteSignature): string {
  checkKeyName(keyName);
  if (keyId >>> 0 !== keyId || signature.length === 0) {
    throw new RangeError(
      `key id ${keyId}, signature of ${signature.length} bytes; expected 32 bits and 1 byte or more`,
    );
  }
  const id = [keyId >>> 24, keyId >>> 16, keyId >>> 8, keyId]; // the array keeps the low 8 bits of each
  return `${signaturePrefix}${keyName} ${encodeBase64(Uint8Array.of(...id, ...signature))}\n`;
}

function readUint32(bytes: Uint8Array): number {
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

/** Whether UTF-8 can hold `text` (no lone surrogate) and it has no ASCII control character other than newline. */
export function isNoteText(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 && unit !== newline) return false;
  }
  return !/\p{Surrogate}/u.test(text);
}

function isKeyName(name: string): boolean {
  return /^[^\p{White_Space}+]+$/u.test(name) && isNoteText(name);
}

function checkKeyName(name: string): void {
  if (!isKeyName(name)) {
    throw new RangeError(`the key name is ${JSON.stringify(name)}; expected text without spaces and +, not empty`);
  }
}
