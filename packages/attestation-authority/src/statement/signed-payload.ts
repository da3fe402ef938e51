// Payloads in the one place where they are decoded, hashed, read and verified: a buffer that holds the pre-authentication encoding
// of the last one, header and payload side by side, so that nothing is copied. What is returned is good until the next call.
import { hash } from 'node:crypto';
import { isCanonical } from './base64.js';
import { statementPayloadType } from './payload-type.js';
import { notWritten } from './plain-json.js';
import { maximumJsonBytes } from './strict-json.js';

/** The pre-authentication encoding of a statement's payload, until the next one is made. */
export class SignedPayload {
  /** What is signed: a view. */
  readonly signed: Buffer;
  /** The payload alone: a view. */
  readonly payload: Buffer;

  /** @internal */
  constructor(room: Buffer, from: number, end: number) {
    this.signed = room.subarray(from, end);
    this.payload = room.subarray(payloadAt, end);
  }

  /** The payload in base64, as envelopes carry it. */
  get text(): string {
    return this.payload.toString('base64');
  }
}

/** `DSSEv1 <length of type> <type> `: the length of the payload and a space follow. */
const header = `DSSEv1 ${statementPayloadType.length} ${statementPayloadType} `;
/** Where payloads begin: room for the header, a length of up to 7 digits, a space. */
const payloadAt = header.length + 8;
/** Most memory that is kept between calls. */
const usualBytes = 2 ** 16;
const usual = Buffer.alloc(payloadAt + usualBytes);
/** What that memory holds, and of which text: who reads a statement, and then verifies its signature, decodes it once. */
let decoded = '';
let decodedPayload: SignedPayload | undefined;
/** The length that its header says. */
let usualLength = -1;
/** Payloads in that memory by their length, some of them: all of one length are the same views, and views cost more than what is in them. */
const usualPayloads = new Array<SignedPayload | undefined>(1024).fill(undefined);

/** The payload that a base64 text is: padded, of one alphabet, without stray bits (as in base64.ts); else `undefined`. */
export function decodeSignedPayload(text: string): SignedPayload | undefined {
  if (decodedPayload !== undefined && decoded === text) return decodedPayload;
  const room = bufferFor(Math.ceil(text.length / 4) * 3);
  const length = room.write(text, payloadAt, 'base64'); // tolerant: takes both alphabets and skips what it does not know
  if (!isCanonical(text, length)) return undefined;
  const payload = complete(room, length);
  if (room === usual) {
    decoded = text;
    decodedPayload = payload;
  }
  return payload;
}

/** The payload that the parts of a JSON text are together; `undefined` when it is longer than strict JSON may be. */
export function encodeSignedPayload(parts: readonly string[]): SignedPayload | undefined {
  let characters = 0;
  for (const { length } of parts) characters += length;
  if (characters > maximumJsonBytes) return undefined;
  const room = bufferFor(characters * 3);
  const length = room.write(parts.join(''), payloadAt, 'utf8');
  return length > maximumJsonBytes ? undefined : complete(room, length);
}

/**
 * The payload that `write` makes of some content: it gets where to write from, and returns where it has ended. `undefined` when it
 * could not.
 */
export function writeSignedPayload<Content>(
  content: Content,
  write: (content: Content, room: Uint8Array, at: number) => number,
): SignedPayload | undefined {
  const room = bufferFor(0);
  const end = write(content, room, payloadAt);
  return end === notWritten ? undefined : complete(room, end - payloadAt);
}

/** SHA-256 of the pre-authentication encoding, in hex: what the log holds of a statement. */
export function digestOf({ signed }: SignedPayload): string {
  return hash('sha256', signed, 'hex');
}

function bufferFor(bytes: number): Buffer {
  if (bytes > usualBytes) return Buffer.allocUnsafe(payloadAt + bytes);
  decodedPayload = undefined; // it is overwritten
  return usual;
}

function complete(room: Buffer, length: number): SignedPayload {
  const known = room === usual ? usualPayloads[length % usualPayloads.length] : undefined;
  const isKnown = known?.payload.length === length;
  if (isKnown && usualLength === length) return known;
  const head = `${header}${length} `;
  const from = payloadAt - head.length;
  room.write(head, from, 'latin1');
  const payload = isKnown ? known : new SignedPayload(room, from, payloadAt + length);
  if (room === usual) {
    usualLength = length;
    usualPayloads[length % usualPayloads.length] = payload;
  }
  return payload;
}
